"""Which pictures are held out together, so that a head is judged on sources that it has not seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Labels

FOLDS: Final = 5

MOST_HELD_OUT: Final = 0.5
"""Share of a category's pictures that a source may have to be held out whole; without a larger one the category
would hardly be learnt, so that its groups are dealt to the folds instead."""


@dataclass(frozen=True)
class Folds:
    """Which fold each of n pictures is in.

    Attributes:
        numbers: int (n,), 0 to FOLDS - 1.
        whole: bool (n,), whether all of the picture's source is in its fold: then it is of a source never seen.
    """

    numbers: NDArray[np.int64]
    whole: NDArray[np.bool_]

    def __iter__(self) -> Iterator[NDArray[np.bool_]]:
        """Give the mask (n,) of each fold that holds anything."""
        return (self.numbers == number for number in np.unique(self.numbers))


def deal_folds(labels: Labels, sources: NDArray[np.str_], groups: NDArray[np.str_]) -> Folds:
    """Deal the pictures to folds, a source whole where enough is left without it, else a group whole.

    The largest comes first, to the fold that has least of its most frequent label; so every fold has a like number
    of each category where there are units enough. The same records give the same folds.

    Args:
        labels: index into the categories, or KNOWN_NEGATIVE (n,).
        sources: str (n,), the marketplace that each picture comes from.
        groups: str (n,), which group of near duplicates the picture is in.
    """
    whole = np.zeros(len(labels), np.bool_)
    units: list[NDArray[np.int64]] = []
    for source in np.unique(sources):
        rows = np.flatnonzero(sources == source)
        if _is_spared(labels, rows):
            whole[rows] = True
            units.append(rows)
        else:
            units += _units(groups, rows)
    return Folds(_deal(labels, units), whole)


def deal_groups(labels: Labels, groups: NDArray[np.str_]) -> NDArray[np.int64]:
    """Deal groups, each whole, to the folds (n,), so that every fold has a like number of each category.

    Args:
        labels: index into the categories, or KNOWN_NEGATIVE (n,).
        groups: str (n,), which group of near duplicates the picture is in.
    """
    return _deal(labels, _units(groups, np.arange(len(groups))))


def _units(groups: NDArray[np.str_], rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Give the rows of each group, sorted once: there are as many groups as products."""
    order = rows[np.argsort(groups[rows], kind="stable")]
    edges = np.flatnonzero(groups[order][1:] != groups[order][:-1]) + 1
    return np.split(order, edges)


def _deal(labels: Labels, units: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Deal units of rows, the largest first, to the fold (n,) that has least of their most frequent label."""
    numbers = np.zeros(len(labels), np.int64)
    classes, places = np.unique(labels, return_inverse=True)
    dealt = np.zeros((FOLDS, len(classes)))
    for rows in sorted(units, key=len, reverse=True):
        counts = np.bincount(places[rows], minlength=len(classes))
        numbers[rows] = fold = int(dealt[:, counts.argmax()].argmin())
        dealt[fold] += counts
    return numbers


def _is_spared(labels: Labels, rows: NDArray[np.int64]) -> bool:
    return all(
        (labels[rows] == label).sum() <= MOST_HELD_OUT * (labels == label).sum()
        for label in np.unique(labels[rows])
    )

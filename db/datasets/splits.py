"""Groups of near duplicates, and the split that each product keeps for ever. Pure functions."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from db.categories import OTHER
from db.models import Split
from db.queries.labelled_images import LabelledImage
from db.queries.review_order import Why

HASH_DISTANCE: Final = 4
"""Of 64 bits; re-encoded and rescaled copies of a picture differ by fewer."""

COLOUR_DISTANCE: Final = 1.0
"""Mean over 48 values of 0 to 15; products that share a pose but not a colour differ by more."""

FEWEST_GROUPS: Final = len(Split)
"""Groups of near duplicates from which a category gets a picture in every split."""

_SHARES: Final = ((Split.TRAIN, 0.7), (Split.VALIDATION, 0.85), (Split.TEST, 1.0))
_PRECEDENCE: Final = (Split.TEST, Split.VALIDATION, Split.TRAIN)
_ROWS: Final = 1024


@dataclass
class _Group:
    """Near duplicates, and the split in which they lie; a new group has no product whose split is stored."""

    members: list[LabelledImage]
    split: Split
    is_new: bool

    @property
    def categories(self) -> set[str]:
        return {image.category for image in self.members} - {OTHER}

    @property
    def first_picture(self) -> str:
        return min(image.sha256 for image in self.members)


def assign_splits(images: Sequence[LabelledImage]) -> dict[int, Split]:
    """Give each product a split; a product that must not be used is left out.

    All products of a group lie in one split. A new group's comes from the hash of its first picture, so that
    the same records give the same splits anywhere. Once there are splits, a new group with a verdict joins train,
    as a few hard verdicts are there to be learnt from; or test, if its product was asked about at random, which
    makes it a fair one. But a category of three groups or more is not left without a test, validation or train
    picture while it has new groups: one of them goes there. New members follow their group. A group that has come
    to join several splits keeps its test members (else its validation members) and drops the others.
    """
    is_first = all(image.split is None for image in images)
    groups = [_group(members, is_first=is_first) for members in _near_duplicates(images)]
    for split in _PRECEDENCE:
        for category in sorted({category for group in groups for category in group.categories}):
            _fill(split, category, groups)
    return {
        image.product_id: group.split
        for group in groups
        for image in group.members
        if image.split in {None, group.split}
    }


def _near_duplicates(images: Sequence[LabelledImage]) -> Iterable[list[LabelledImage]]:
    groups = defaultdict(list)
    for image, group in zip(images, near_duplicate_groups(images), strict=True):
        groups[group].append(image)
    return groups.values()


def _group(members: list[LabelledImage], *, is_first: bool) -> _Group:
    stored = {image.split for image in members if image.split is not None}
    kept = next((split for split in _PRECEDENCE if split in stored), None)
    return _Group(members, kept or _of_new(members, is_first=is_first), is_new=not stored)


def _of_new(members: list[LabelledImage], *, is_first: bool) -> Split:
    reviewed = [image for image in members if image.reviewed]
    if is_first or not reviewed:
        return _hashed(min(image.sha256 for image in members))
    return Split.TEST if any(image.why == Why.RANDOM for image in reviewed) else Split.TRAIN


def _fill(split: Split, category: str, groups: Sequence[_Group]) -> None:
    """Move a new group of a category into a split that has none, unless some category would lose its last."""
    theirs = [group for group in groups if category in group.categories]
    if len(theirs) < FEWEST_GROUPS or any(group.split == split for group in theirs):
        return
    spare = [group for group in theirs if group.is_new and not _is_last(group, groups)]
    if spare:
        min(spare, key=lambda group: (group.split != Split.TRAIN, group.first_picture)).split = split


def _is_last(group: _Group, groups: Sequence[_Group]) -> bool:
    beside = [other for other in groups if other is not group and other.split == group.split]
    return any(all(category not in other.categories for other in beside) for category in group.categories)


def _hashed(sha256: str) -> Split:
    share = int(hashlib.sha256(sha256.encode()).hexdigest()[:8], 16) / 2**32
    return next(split for split, end in _SHARES if share < end)


def near_duplicate_groups(images: Sequence[LabelledImage]) -> list[int]:
    """Number the group of each image: those of one product, and those that look alike, are in one.

    Two pictures look alike if their perceptual hashes differ by at most 4 bits and their colours by 1.
    """
    pairs = [*_pairs_of_products(images), *_pairs_that_look_alike(images)]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs), dtype=bool), (rows, columns)), shape=(len(images), len(images)))
    return [int(group) for group in connected_components(graph, directed=False)[1]]


def _pairs_of_products(images: Sequence[LabelledImage]) -> Iterable[tuple[int, int]]:
    first: dict[int, int] = {}
    return [(first.setdefault(image.product_id, row), row) for row, image in enumerate(images)]


def _pairs_that_look_alike(images: Sequence[LabelledImage]) -> Iterable[tuple[int, int]]:
    """Compare only pictures whose hashes share one of their 8 bytes; any 7 different bits leave one alike."""
    hashes = np.array([int(image.perceptual_hash, 16) for image in images], dtype=np.uint64)
    colours = np.array([[int(c, 16) for c in image.colour_signature] for image in images], dtype=np.float32)
    for byte in range(8):
        values = (hashes >> np.uint64(8 * byte)) & np.uint64(255)
        order = np.argsort(values, kind="stable")
        edges = np.flatnonzero(np.diff(values[order])) + 1
        for bucket in np.split(order, edges):
            yield from _close_pairs(bucket, hashes, colours)


def _close_pairs(
    bucket: NDArray[np.int64], hashes: NDArray[np.uint64], colours: NDArray[np.float32]
) -> Iterable[tuple[int, int]]:
    for start in range(0, len(bucket), _ROWS):
        part = bucket[start : start + _ROWS]
        bits = np.bitwise_count(hashes[part, None] ^ hashes[None, bucket])
        for a, b in zip(*np.nonzero(bits <= HASH_DISTANCE), strict=True):
            one, other = int(part[a]), int(bucket[b])
            if one < other and np.abs(colours[one] - colours[other]).mean() <= COLOUR_DISTANCE:
                yield one, other

"""Says how far figures may be trusted: bootstrap intervals, and a test of whether two versions differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.curves import CALIBRATION_BINS, confidence_bins

RESAMPLES: Final = 1000
LEVEL: Final = 0.95
"""Share of the resamples whose figure lies within the interval."""

_SEED: Final = 0


@dataclass(frozen=True)
class Interval:
    """A 95 % bootstrap percentile interval; both ends are in the unit of the figure, else shares, 0 to 1."""

    low: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """The intervals of an evaluation's figures, under the same names.

    Attributes:
        f1: by category.
        claimed_accuracy: None where nothing is claimed.
        negatives_flagged: None where there are no known negatives.
    """

    accuracy: Interval
    macro_f1: Interval
    f1: Mapping[str, Interval]
    expected_calibration_error: Interval
    coverage: Interval
    claimed_accuracy: Interval | None
    negatives_flagged: Interval | None

    @property
    def lowest(self) -> float:
        """The lowest end of the shares, the figures that are drawn on one axis."""
        drawn = (self.accuracy, self.macro_f1, *self.f1.values(), self.coverage)
        given = (self.claimed_accuracy, self.negatives_flagged)
        return min(each.low for each in (*drawn, *given) if each is not None)


def bootstrap_intervals(
    answers: Answers, products: NDArray[np.int64], categories: Sequence[str]
) -> Intervals:
    """Resample products, with all their pictures, and see how each figure varies.

    Pictures of one product resemble each other, so that resampling pictures would give intervals that are too
    narrow (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 8 and 13). A resample has
    fewer distinct pictures than the split, which makes its calibration error larger: that interval reaches
    higher than it should, never lower.

    Args:
        answers: to n pictures.
        products: (n,), which product shows the picture.
        categories: names of the classes, in their order.
    """
    shown = answers.shown
    resampled = _resampled_sums(_values(answers.select(shown)), products[shown])
    classes = len(categories)
    cells, surplus, claims = np.split(resampled, [classes**2, classes**2 + CALIBRATION_BINS], axis=1)
    matrices, pictures = cells.reshape(-1, classes, classes), cells.sum(axis=1)
    f1 = _f1_scores(matrices)
    asked = np.bincount(answers.labels[shown], minlength=classes) > 0
    return Intervals(
        accuracy=_interval(np.trace(matrices, axis1=1, axis2=2) / pictures),
        macro_f1=_interval(f1[:, asked].mean(axis=1)),
        f1={name: _interval(column) for name, column in zip(categories, f1.T, strict=True)},
        expected_calibration_error=_interval(np.abs(surplus).sum(axis=1) / pictures),
        coverage=_interval(claims[:, 0] / pictures),
        claimed_accuracy=_interval_of_share(claims[:, 1], claims[:, 0]),
        negatives_flagged=_flagged_interval(answers.uncertain[~shown], products[~shown]),
    )


def mean_intervals(values: Floats, products: NDArray[Any]) -> tuple[Interval, ...]:
    """Give the interval of the mean of each column of values (n, columns), resampling products (n,).

    Of differences between two answers to the same pictures this is the paired bootstrap.
    """
    sums = _resampled_sums(np.column_stack([values, np.ones(len(values))]), products)
    return tuple(_interval(column) for column in (sums[:, :-1] / sums[:, -1:]).T)


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Give the two-sided p-value of McNemar's exact test that two classifiers err equally often.

    Args:
        only_first: how many the first has right and the second wrong.
        only_second: how many the second has right and the first wrong.

    McNemar, "Note on the sampling error of the difference between correlated proportions" (Psychometrika,
    1947); exact, from the binomial distribution, as the counts are small.
    """
    from scipy.stats import binomtest  # noqa: PLC0415 - a second to load, and only a comparison needs it

    differing = only_first + only_second
    return float(binomtest(only_first, differing).pvalue) if differing else 1.0


def _values(answers: Answers) -> Floats:
    """Give each picture a row of numbers whose sums are all that the figures need.

    Its cell of the error matrix, its surplus of confidence in its bin, whether it is claimed, and rightly so.
    """
    classes = answers.probabilities.shape[1]
    confidence, right, claimed = answers.confidence, answers.right, ~answers.uncertain
    bins = np.eye(CALIBRATION_BINS)[confidence_bins(confidence, CALIBRATION_BINS)]
    cells = np.eye(classes**2)[answers.labels * classes + answers.likeliest]
    return np.column_stack([cells, bins * (confidence - right)[:, None], claimed, claimed & right])


def _resampled_sums(values: Floats, products: NDArray[Any]) -> Floats:
    """Sum the rows (n, columns) over each resample of the products: (RESAMPLES, columns)."""
    names, product_of = np.unique(products, return_inverse=True)
    by_product = np.zeros((len(names), values.shape[1]))
    np.add.at(by_product, product_of, values)
    generator = np.random.default_rng(_SEED)
    draws = (generator.integers(0, len(names), len(names)) for _ in range(RESAMPLES))
    return np.stack([np.bincount(draw, minlength=len(names)) @ by_product for draw in draws])


def _f1_scores(matrices: Floats) -> Floats:
    """Give (resamples, classes) from error matrices (resamples, classes, classes); 0 of nothing."""
    right = np.diagonal(matrices, axis1=1, axis2=2)
    total = matrices.sum(axis=1) + matrices.sum(axis=2)
    return np.asarray(np.divide(2 * right, total, out=np.zeros_like(right, dtype=float), where=total > 0))


def _flagged_interval(uncertain: NDArray[np.bool_], products: NDArray[np.int64]) -> Interval | None:
    if not len(uncertain):
        return None
    sums = _resampled_sums(np.column_stack([uncertain, np.ones(len(uncertain))]), products)
    return _interval_of_share(sums[:, 0], sums[:, 1])


def _interval_of_share(parts: Floats, wholes: Floats) -> Interval | None:
    """Leave out the resamples that have nothing to take a share of."""
    there = wholes > 0
    return _interval(parts[there] / wholes[there]) if there.any() else None


def _interval(figures: Floats) -> Interval:
    low, high = np.quantile(figures, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))

"""Curves that show what a confidence is worth, as pure functions of arrays."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats

CALIBRATION_BINS: Final = 15
"""Bins of equal width in confidence, as the expected calibration error has them."""


@dataclass(frozen=True)
class ReliabilityBin:
    """The pictures whose confidence lies between two bounds; all values but `pictures` are shares, 0 to 1."""

    low: float
    high: float
    confidence: float
    accuracy: float
    pictures: int


@dataclass(frozen=True)
class CoveragePoint:
    """What a threshold of the confidence gives: the share claimed, and the share of right ones among those."""

    threshold: float
    coverage: float
    accuracy: float


def confidence_bins(confidence: Floats, bins: int) -> NDArray[np.int64]:
    """Give the bin, 0 to bins - 1, of each confidence (n,), 0 to 1; the last holds 1 itself."""
    return np.minimum((confidence * bins).astype(np.int64), bins - 1)


def reliability_bins(
    confidence: Floats, right: NDArray[np.bool_], bins: int = CALIBRATION_BINS
) -> tuple[ReliabilityBin, ...]:
    """Compare confidence (n,) with accuracy in bins of equal width; bins without a picture are left out.

    Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017), section 2.
    """
    bin_of = confidence_bins(confidence, bins)
    return tuple(
        ReliabilityBin(
            low=number / bins,
            high=(number + 1) / bins,
            confidence=float(confidence[inside].mean()),
            accuracy=float(right[inside].mean()),
            pictures=int(inside.sum()),
        )
        for number in np.unique(bin_of).tolist()
        for inside in [bin_of == number]
    )


def accuracy_coverage_curve(
    confidence: Floats, right: NDArray[np.bool_], claimable: NDArray[np.bool_]
) -> tuple[CoveragePoint, ...]:
    """Give a point for each threshold that some picture's confidence sets, the highest first.

    Args:
        confidence: (n,), of each picture's likeliest category.
        right: (n,), whether that category is the label.
        claimable: (n,), whether its label would be claimed at any confidence. The others count in the whole,
            so that the coverage ends at the share of claimable pictures.

    El-Yaniv and Wiener, "On the Foundations of Noise-free Selective Classification" (JMLR 2010): a
    risk-coverage curve, with accuracy in place of risk.
    """
    order = np.argsort(-confidence[claimable], kind="stable")
    ordered = confidence[claimable][order]
    claims = np.arange(1, len(ordered) + 1)
    accuracy = np.cumsum(right[claimable][order]) / claims
    # Pictures of equal confidence are claimed together: only the last of them is a point.
    last_of_equals = np.append(ordered[1:] < ordered[:-1], np.ones(min(1, len(ordered)), bool))
    return tuple(
        CoveragePoint(float(ordered[row]), float(claims[row] / len(confidence)), float(accuracy[row]))
        for row in np.flatnonzero(last_of_equals).tolist()
    )

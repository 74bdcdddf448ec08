"""Figures of merit, as pure functions of probabilities and labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats, Labels
from worker.cnn.figures.curves import CALIBRATION_BINS, confidence_bins

_SMALLEST = 1e-12
"""Keeps the logarithm of a probability finite."""


@dataclass(frozen=True)
class CategoryScore:
    """How well one category is told: shares 0 to 1, and the number of pictures that show it."""

    precision: float
    recall: float
    f1: float
    support: int


def softmax(logits: Floats, temperature: float = 1.0) -> Floats:
    """Turn logits (n, classes) into probabilities that sum to one in each row."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def log_loss(probabilities: Floats, labels: Labels) -> float:
    """Give the mean negative logarithm of the true category's probability."""
    true = probabilities[np.arange(len(labels)), labels]
    return float(-np.mean(np.log(np.clip(true, _SMALLEST, 1.0))))


def error_matrix(labels: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """Count pictures by true category (rows) and predicted category (columns)."""
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def category_scores(matrix: NDArray[np.int64]) -> tuple[CategoryScore, ...]:
    """Score each category of an error matrix; a share of nothing is 0."""
    right, true, predicted = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    return tuple(
        CategoryScore(_share(r, p), _share(r, t), _share(2 * r, p + t), t)
        for r, t, p in zip(right.tolist(), true.tolist(), predicted.tolist(), strict=True)
    )


def macro_f1(scores: Sequence[CategoryScore]) -> float:
    """Give the mean F1 of the categories that some picture shows; what was not asked cannot be wrong."""
    return fmean(score.f1 for score in scores if score.support)


def expected_calibration_error(
    confidence: Floats, right: NDArray[np.bool_], bins: int = CALIBRATION_BINS
) -> float:
    """Average, over bins of equal width in confidence (n,), how far accuracy is from confidence; 0 to 1.

    Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017), section 2. Even a perfectly
    calibrated network shows about 0.03 on a few hundred pictures.
    """
    surplus = np.bincount(confidence_bins(confidence, bins), weights=confidence - right, minlength=bins)
    return float(np.abs(surplus).sum() / len(right))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0

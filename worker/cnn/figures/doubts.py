"""Finds what makes a classifier's answers honest: its temperature, and when it claims no label."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.cnn.arrays import KNOWN_NEGATIVE, Floats, Labels
from worker.cnn.figures.calibration import (
    CALIBRATING,
    fit_in_distribution_threshold,
    fit_temperature,
    fit_threshold,
    negative_weight,
)
from worker.cnn.figures.metrics import softmax

CALIBRATION: Final = "calibration"
"""The key of `describe_calibration` among the metrics, beside the names of the splits."""


@dataclass(frozen=True)
class Judged:
    """What a classifier says of n labelled pictures that it has not learnt from.

    Attributes:
        logits: (n, classes).
        in_distribution: (n,), higher is more like the categories.
        labels: index into the categories, or KNOWN_NEGATIVE (n,).
    """

    logits: Floats
    in_distribution: Floats
    labels: Labels


@dataclass(frozen=True)
class Doubts:
    """When answers are uncertain, and by what their logits are divided.

    Attributes:
        temperature: above 0.
        threshold: the confidence under which a label is uncertain.
        in_distribution_threshold: likewise the score.
    """

    temperature: float
    threshold: float
    in_distribution_threshold: float


def fit_doubts(judged: Judged, target_precision: float) -> Doubts:
    """Fit temperature and thresholds to pictures of the categories and to known negatives.

    Args:
        judged: at least one picture shows a category.
        target_precision: share of claimed labels that shall be right, 0 to 1.
    """
    negative = judged.labels == KNOWN_NEGATIVE
    temperature = fit_temperature(judged.logits[~negative], judged.labels[~negative])
    scores = judged.in_distribution
    lowest_score = fit_in_distribution_threshold(scores[~negative], scores[negative])
    probabilities = softmax(judged.logits, temperature)
    weights = np.where(negative, negative_weight(int((~negative).sum()), int(negative.sum())), 1.0)
    inside = scores >= lowest_score
    right = probabilities.argmax(axis=1) == judged.labels
    threshold = fit_threshold(
        probabilities.max(axis=1)[inside], right[inside], weights[inside], target_precision
    )
    return Doubts(temperature, threshold, lowest_score)


def describe_calibration(judged: Judged) -> dict[str, int | bool]:
    """Say of how many `pictures` of the categories the doubts come, and whether they are `enough` to calibrate."""
    pictures = int((judged.labels != KNOWN_NEGATIVE).sum())
    return {"pictures": pictures, "enough": pictures >= CALIBRATING}

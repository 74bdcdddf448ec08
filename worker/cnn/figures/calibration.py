"""Makes confidences mean what they say, and finds the thresholds below which no label is claimed."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from worker.cnn.arrays import Floats, Labels
from worker.cnn.figures.metrics import log_loss, softmax

TEMPERATURES: Final = (0.05, 20.0)
THRESHOLDS: Final = (0.5, 0.95)
"""Bounds of the confidence threshold. Below the lower a label would be a guess; where few validation pictures
cannot show the target precision, the upper is used and only the surest labels are claimed."""

NEGATIVE_SHARE: Final = 0.1
"""Share of a shop's pictures that is taken to show none of the categories."""

LOST_AT_LEAST, LOST_WITHOUT_NEGATIVES, LOST_AT_MOST = 0.01, 0.02, 0.10
"""Shares of validation pictures that may fall under the in-distribution threshold."""

NEGATIVES_FLAGGED: Final = 0.9
"""Share of known negatives that shall fall under it; for the last tenth, shops never seen would pay too much."""

CALIBRATING: Final = 100
"""Pictures from which confidences are calibrated; of fewer, another sample gives quite another temperature."""

_MOST_UNSEEN, _TELLING_MISTAKES = 2, 3
"""Mistakes that are counted where none was seen, and how many seen ones halve that: measured on photos of shops."""

_PRECISION: Final = 1e-6
"""Of the temperature's logarithm."""

_TILT: Final = 1e-9
"""Loss for each unit of that logarithm, squared: decides where nothing else does, and is felt nowhere else."""


def fit_temperature(logits: Floats, labels: Labels) -> float:
    """Find the temperature with the lowest log loss on validation pictures and unseen mistakes, 0.05 to 20.

    Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017), section 4.2. The loss is convex in the
    inverse temperature, so that it has one minimum. Few pictures, all of them right, would have it that no answer
    is ever in doubt, so the mistakes that `unseen_mistakes` counts are added, each in favour of the next likeliest
    category. Logits that are twice as large have twice the temperature. Where they say nothing, it is 1.
    """
    low, high = (math.log(temperature) for temperature in TEMPERATURES)
    *_, next_likeliest, likeliest = np.argsort(logits, axis=1, kind="stable").T
    share = unseen_mistakes(int((likeliest != labels).sum())) / len(labels)

    def loss(logarithm: float) -> float:
        probabilities = softmax(logits, math.exp(logarithm))
        unseen = share * log_loss(probabilities, next_likeliest)
        return log_loss(probabilities, labels) + unseen + _TILT * logarithm**2

    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": _PRECISION})
    return math.exp(found.x)


def unseen_mistakes(seen: int) -> float:
    """Say how many mistakes are counted beside those that were seen: 2 beside none, 1 beside 3, a tenth beside 13.

    It is the seen ones that show how sure one may be: where there are many, they decide alone.
    """
    return _MOST_UNSEEN / (1 + (seen / _TELLING_MISTAKES) ** 2)


def fit_threshold(
    confidence: Floats, right: NDArray[np.bool_], weights: Floats, target_precision: float
) -> float:
    """Find the lowest confidence, 0.5 to 0.95, from which the claims reach the target precision.

    Args:
        confidence: float (n,), of each picture whose label would be claimed.
        right: bool (n,), whether its label is right; a known negative is never right.
        weights: float (n,), for how many pictures each one stands.
        target_precision: share of right claims, 0 to 1.

    The precision is estimated by the rule of succession, (right + 1) / (claims + 2), so that a handful of
    lucky pictures does not set the threshold. Where all claims together reach the target, no doubt was misplaced, and
    the lowest threshold is taken rather than the lowest confidence that happened to be seen.
    """
    lowest, highest = THRESHOLDS
    order = np.argsort(-confidence, kind="stable")
    ordered, weights = confidence[order], weights[order]
    precision = (np.cumsum(weights * right[order]) + 1) / (np.cumsum(weights) + 2)
    if len(precision) and precision[-1] >= target_precision:
        return lowest
    # Pictures of equal confidence are claimed together, so only the last of them may set the threshold.
    last_of_equals = np.append(ordered[1:] < ordered[:-1], np.ones(min(1, len(ordered)), bool))
    good = ordered[(precision >= target_precision) & last_of_equals]
    return float(np.clip(good.min(), lowest, highest)) if len(good) else highest


def negative_weight(positives: int, negatives: int) -> float:
    """Give the weight, at most 1, that makes known negatives one picture in ten however many there are."""
    return min(1.0, positives * NEGATIVE_SHARE / (1 - NEGATIVE_SHARE) / negatives) if negatives else 1.0


def fit_in_distribution_threshold(positives: Floats, negatives: Floats) -> float:
    """Find the in-distribution score under which a picture is taken for something else.

    Without known negatives it loses 2 % of the validation pictures (`positives`). With them it flags nine
    negatives of ten, or as many as it can while it loses 1 to 10 % of the positives.
    """
    if not len(negatives):
        return float(np.quantile(positives, LOST_WITHOUT_NEGATIVES, method="lower"))
    lowest, highest = np.quantile(positives, [LOST_AT_LEAST, LOST_AT_MOST], method="lower")
    return float(np.clip(np.quantile(negatives, NEGATIVES_FLAGGED, method="higher"), lowest, highest))

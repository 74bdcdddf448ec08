import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.figures.calibration import TEMPERATURES, THRESHOLDS
from worker.cnn.figures.doubts import Judged, fit_doubts
from worker.cnn.figures.metrics import softmax


def judged(positives: int, negatives: int = 0, *, seed: int = 0, surety: float = 2.0) -> Judged:
    """Pictures of three categories that are mostly told right, and known negatives of a lower score."""
    generator = np.random.default_rng(seed)
    labels = np.append(np.arange(positives) % 3, np.full(negatives, KNOWN_NEGATIVE))
    logits = generator.normal(size=(len(labels), 3))
    logits[np.arange(positives), labels[:positives]] += surety
    scores = generator.normal(np.where(labels == KNOWN_NEGATIVE, -6.0, 0.0))
    return Judged(logits, scores, labels)


@given(st.integers(1, 60), st.integers(0, 30), st.integers(0, 100), st.floats(-2, 6), st.floats(0.5, 0.99))
def test_doubts_stay_within_their_bounds(
    positives: int, negatives: int, seed: int, surety: float, precision: float
) -> None:
    found = fit_doubts(judged(positives, negatives, seed=seed, surety=surety), precision)
    lowest, highest = TEMPERATURES
    assert lowest * 0.999 <= found.temperature <= highest * 1.001
    assert THRESHOLDS[0] <= found.threshold <= THRESHOLDS[1]
    assert np.isfinite(found.in_distribution_threshold)


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_the_temperature_takes_back_what_the_logits_are_multiplied_by(factor: float) -> None:
    one = judged(300, 30)
    other = Judged(one.logits * factor, one.in_distribution, one.labels)
    expected, found = fit_doubts(one, 0.95), fit_doubts(other, 0.95)
    assert found.temperature == pytest.approx(expected.temperature * factor, rel=1e-3)
    assert found.threshold == pytest.approx(expected.threshold, abs=1e-3)


def test_the_claims_that_are_left_are_as_right_as_asked_for() -> None:
    told = judged(600, surety=1.5)
    found = fit_doubts(told, 0.9)
    probabilities = softmax(told.logits, found.temperature)
    claimed = (probabilities.max(axis=1) >= found.threshold) & (
        told.in_distribution >= found.in_distribution_threshold
    )
    right = probabilities.argmax(axis=1) == told.labels
    assert right.mean() < 0.85
    assert right[claimed].mean() == pytest.approx(0.9, abs=0.02)


def test_most_known_negatives_are_flagged_and_few_pictures_of_the_categories() -> None:
    told = judged(200, 40)
    flagged = told.in_distribution < fit_doubts(told, 0.95).in_distribution_threshold
    negative = told.labels == KNOWN_NEGATIVE
    assert flagged[negative].mean() >= 0.9
    assert flagged[~negative].mean() <= 0.1


def test_without_known_negatives_a_fiftieth_is_flagged() -> None:
    told = judged(200)
    flagged = told.in_distribution < fit_doubts(told, 0.95).in_distribution_threshold
    assert flagged.sum() in {3, 4}


def test_known_negatives_that_are_surely_claimed_raise_the_threshold() -> None:
    without = judged(200, surety=3.0)
    lookalikes = Judged(
        np.concatenate([without.logits, np.tile([1.5, 0.0, 0.0], (20, 1))]),
        np.append(without.in_distribution, np.full(20, 3.0)),
        np.append(without.labels, np.full(20, KNOWN_NEGATIVE)),
    )
    assert fit_doubts(lookalikes, 0.97).threshold > fit_doubts(without, 0.97).threshold

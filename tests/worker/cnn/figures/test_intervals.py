import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from worker.cnn.figures.evaluate import evaluate
from worker.cnn.figures.intervals import Interval, Intervals, bootstrap_intervals, mcnemar_p_value
from worker.cnn.pictures.dataset import KNOWN_NEGATIVE

CATEGORIES = ("saree", "jeans", "trousers")


def predictions(pictures: int, accuracy: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, labels and uncertainty of a classifier that is right in that share of the pictures."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 3, pictures)
    right = generator.random(pictures) < accuracy
    likeliest = np.where(right, labels, (labels + 1) % 3)
    confidence = generator.uniform(0.5, 1, pictures)
    probabilities = np.tile((1 - confidence)[:, None] / 2, (1, 3))
    probabilities[np.arange(pictures), likeliest] = confidence
    return probabilities, labels, confidence < 0.6


def intervals(pictures: int, accuracy: float, products: np.ndarray | None = None) -> Intervals:
    shown = np.arange(pictures) if products is None else products
    return bootstrap_intervals(*predictions(pictures, accuracy), shown, CATEGORIES)


def width(interval: Interval | None) -> float:
    assert interval is not None
    return interval.high - interval.low


def test_every_interval_holds_its_figure() -> None:
    measured = predictions(300, 0.85)
    figures = evaluate(*measured, CATEGORIES)
    found = bootstrap_intervals(*measured, np.arange(300), CATEGORIES)
    for name in ("accuracy", "macro_f1", "coverage", "claimed_accuracy"):
        interval = getattr(found, name)
        assert interval.low <= getattr(figures, name) <= interval.high, name
        assert 0 < width(interval) < 0.15, name
    for category, score in figures.categories.items():
        assert found.f1[category].low <= score.f1 <= found.f1[category].high
    assert figures.expected_calibration_error <= found.expected_calibration_error.high


def test_the_interval_of_a_share_is_the_binomial_one() -> None:
    found = intervals(400, 0.8).accuracy
    right = float(np.mean(predictions(400, 0.8)[0].argmax(axis=1) == predictions(400, 0.8)[1]))
    assert width(found) == pytest.approx(2 * 1.96 * np.sqrt(right * (1 - right) / 400), rel=0.1)


@pytest.mark.slow
def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    hits = 0
    for seed in range(100):
        measured = predictions(120, 0.8, seed)
        accuracy = bootstrap_intervals(*measured, np.arange(120), CATEGORIES).accuracy
        hits += accuracy.low <= 0.8 <= accuracy.high
    assert 88 <= hits <= 100


def test_copies_of_a_picture_add_no_certainty() -> None:
    once = predictions(60, 0.8)
    probabilities, labels, uncertain = (np.repeat(array, 9, axis=0) for array in once)
    products = np.repeat(np.arange(60), 9)
    by_product = bootstrap_intervals(probabilities, labels, uncertain, products, CATEGORIES)
    plain = bootstrap_intervals(*once, np.arange(60), CATEGORIES)
    for name in ("accuracy", "macro_f1", "coverage", "claimed_accuracy", "expected_calibration_error"):
        assert vars(getattr(by_product, name)) == pytest.approx(vars(getattr(plain, name))), name
    by_picture = bootstrap_intervals(probabilities, labels, uncertain, np.arange(540), CATEGORIES)
    assert width(by_picture.accuracy) < 0.5 * width(by_product.accuracy)


def test_the_same_predictions_give_the_same_intervals() -> None:
    assert intervals(50, 0.7) == intervals(50, 0.7)


def test_negatives_have_an_interval_of_their_own_and_change_no_other() -> None:
    probabilities, labels, uncertain = predictions(80, 0.9)
    without = bootstrap_intervals(probabilities, labels, uncertain, np.arange(80), CATEGORIES)
    assert without.negatives_flagged is None
    more = bootstrap_intervals(
        np.concatenate([probabilities, np.full((20, 3), 1 / 3)]),
        np.append(labels, np.full(20, KNOWN_NEGATIVE)),
        np.append(uncertain, np.arange(20) < 15),
        np.arange(100),
        CATEGORIES,
    )
    assert more.accuracy == without.accuracy
    assert more.negatives_flagged is not None
    assert more.negatives_flagged.low < 0.75 < more.negatives_flagged.high


def test_nothing_claimed_has_no_accuracy_of_claims() -> None:
    probabilities, labels, _ = predictions(20, 0.9)
    found = bootstrap_intervals(probabilities, labels, np.full(20, True), np.arange(20), CATEGORIES)
    assert found.claimed_accuracy is None
    assert found.coverage == Interval(0.0, 0.0)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_binomial_test_of_a_fair_coin(first: int, second: int) -> None:
    expected = binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar_p_value(first, second) == pytest.approx(expected)
    assert mcnemar_p_value(first, second) == mcnemar_p_value(second, first)


def test_mcnemar_by_hand() -> None:
    assert mcnemar_p_value(0, 0) == 1
    assert mcnemar_p_value(0, 5) == pytest.approx(2 / 32)
    assert mcnemar_p_value(0, 6) == pytest.approx(2 / 64)
    assert mcnemar_p_value(0, 4000) == 0

from dataclasses import replace
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.evaluate import evaluate
from worker.cnn.figures.intervals import Interval, Intervals, bootstrap_intervals, mcnemar_p_value

CATEGORIES = ("saree", "jeans", "trousers")


def answers(pictures: int, accuracy: float, seed: int = 0) -> Answers:
    """Those of a classifier that is right in that share of the pictures."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 3, pictures)
    right = generator.random(pictures) < accuracy
    likeliest = np.where(right, labels, (labels + 1) % 3)
    confidence = generator.uniform(0.5, 1, pictures)
    probabilities = np.tile((1 - confidence)[:, None] / 2, (1, 3))
    probabilities[np.arange(pictures), likeliest] = confidence
    return Answers(probabilities, labels, confidence < 0.6)


def intervals(pictures: int, accuracy: float, products: np.ndarray | None = None) -> Intervals:
    shown = np.arange(pictures) if products is None else products
    return bootstrap_intervals(answers(pictures, accuracy), shown, CATEGORIES)


def width(interval: Interval | None) -> float:
    assert interval is not None
    return interval.high - interval.low


def test_every_interval_holds_its_figure() -> None:
    measured = answers(300, 0.85)
    figures = evaluate(measured, CATEGORIES)
    found = bootstrap_intervals(measured, np.arange(300), CATEGORIES)
    for name in ("accuracy", "macro_f1", "coverage", "claimed_accuracy"):
        interval = getattr(found, name)
        assert interval.low <= getattr(figures, name) <= interval.high, name
        assert 0 < width(interval) < 0.15, name
    for category, score in figures.categories.items():
        assert found.f1[category].low <= score.f1 <= found.f1[category].high
    assert figures.expected_calibration_error <= found.expected_calibration_error.high


def test_the_interval_of_a_share_is_the_binomial_one() -> None:
    found = intervals(400, 0.8).accuracy
    right = answers(400, 0.8).accuracy
    assert width(found) == pytest.approx(2 * 1.96 * np.sqrt(right * (1 - right) / 400), rel=0.1)


@pytest.mark.slow
def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    hits = 0
    for seed in range(100):
        measured = answers(120, 0.8, seed)
        accuracy = bootstrap_intervals(measured, np.arange(120), CATEGORIES).accuracy
        hits += accuracy.low <= 0.8 <= accuracy.high
    assert 88 <= hits <= 100


def test_copies_of_a_picture_add_no_certainty() -> None:
    once = answers(60, 0.8)
    copied = once.select(np.repeat(np.arange(60), 9))
    by_product = bootstrap_intervals(copied, np.repeat(np.arange(60), 9), CATEGORIES)
    plain = bootstrap_intervals(once, np.arange(60), CATEGORIES)
    for name in ("accuracy", "macro_f1", "coverage", "claimed_accuracy", "expected_calibration_error"):
        assert vars(getattr(by_product, name)) == pytest.approx(vars(getattr(plain, name))), name
    by_picture = bootstrap_intervals(copied, np.arange(540), CATEGORIES)
    assert width(by_picture.accuracy) < 0.5 * width(by_product.accuracy)


def test_the_same_answers_give_the_same_intervals() -> None:
    assert intervals(50, 0.7) == intervals(50, 0.7)


def test_negatives_have_an_interval_of_their_own_and_change_no_other() -> None:
    shown = answers(80, 0.9)
    without = bootstrap_intervals(shown, np.arange(80), CATEGORIES)
    assert without.negatives_flagged is None
    more = bootstrap_intervals(
        Answers(
            np.concatenate([shown.probabilities, np.full((20, 3), 1 / 3)]),
            np.append(shown.labels, np.full(20, KNOWN_NEGATIVE)),
            np.append(shown.uncertain, np.arange(20) < 15),
        ),
        np.arange(100),
        CATEGORIES,
    )
    assert more.accuracy == without.accuracy
    assert more.negatives_flagged is not None
    assert more.negatives_flagged.low < 0.75 < more.negatives_flagged.high


def test_nothing_claimed_has_no_accuracy_of_claims() -> None:
    unsure = replace(answers(20, 0.9), uncertain=np.full(20, True))
    found = bootstrap_intervals(unsure, np.arange(20), CATEGORIES)
    assert found.claimed_accuracy is None
    assert found.coverage == Interval(0.0, 0.0)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_counts_the_tosses_of_a_fair_coin(first: int, second: int) -> None:
    tosses = first + second
    tail = sum(comb(tosses, heads) for heads in range(min(first, second) + 1))
    assert mcnemar_p_value(first, second) == pytest.approx(min(1.0, 2 * tail / 2**tosses))
    assert mcnemar_p_value(first, second) == mcnemar_p_value(second, first)


def test_mcnemar_by_hand() -> None:
    assert mcnemar_p_value(0, 0) == 1
    assert mcnemar_p_value(0, 5) == pytest.approx(2 / 32)
    assert mcnemar_p_value(0, 6) == pytest.approx(2 / 64)
    assert mcnemar_p_value(0, 4000) == 0

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from worker.cnn.figures.answers import Answers
from worker.cnn.figures.calibration import (
    TEMPERATURES,
    THRESHOLDS,
    fit_in_distribution_threshold,
    fit_temperature,
    fit_threshold,
    negative_weight,
    unseen_mistakes,
)
from worker.cnn.figures.metrics import expected_calibration_error, log_loss, softmax

shares = st.floats(0, 1, width=32)


def sampled(logits: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Labels drawn with exactly the probabilities that the logits claim."""
    cumulated = softmax(logits).cumsum(axis=1)
    labels: np.ndarray = (generator.random((len(logits), 1)) > cumulated[:, :-1]).sum(axis=1)
    return labels


@pytest.mark.parametrize("true_temperature", [0.3, 1.0, 4.0])
def test_the_temperature_that_was_hidden_is_found(true_temperature: float) -> None:
    generator = np.random.default_rng(0)
    honest = generator.normal(size=(20_000, 3)) * 2
    labels = sampled(honest, generator)
    found = fit_temperature(honest * true_temperature, labels)
    assert found == pytest.approx(true_temperature, rel=0.05)
    probabilities = softmax(honest * true_temperature, found)
    answers = Answers(probabilities, labels, np.zeros(len(labels), np.bool_))
    assert expected_calibration_error(answers.confidence, answers.right) < 0.02


@given(
    logits=st_numpy.arrays(np.float64, (12, 3), elements=st.floats(-30, 30)),
    labels=st_numpy.arrays(np.int64, 12, elements=st.integers(0, 2)),
)
def test_the_temperature_of_many_pictures_never_raises_the_loss(
    logits: np.ndarray, labels: np.ndarray
) -> None:
    logits, labels = np.tile(logits, (100, 1)), np.tile(labels, 100)
    temperature = fit_temperature(logits, labels)
    assert TEMPERATURES[0] * 0.999 <= temperature <= TEMPERATURES[1] * 1.001
    assert log_loss(softmax(logits, temperature), labels) <= log_loss(softmax(logits), labels) + 1e-3


def test_where_the_logits_say_nothing_the_temperature_is_1() -> None:
    assert fit_temperature(np.zeros((30, 3)), np.arange(30) % 3) == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("margin", [0.5, 4.0, 30.0])
def test_few_pictures_that_are_all_right_leave_a_doubt(margin: float) -> None:
    """16 pictures were right; the next may be wrong, and a filter by confidence has to bite."""
    labels = np.arange(16) % 3
    temperature = fit_temperature(margin * np.eye(3)[labels], labels)
    surest, unsure = softmax(np.array([[margin, 0, 0], [margin / 2, 0, 0]]), temperature).max(axis=1)
    assert surest == pytest.approx(16 / 18, abs=0.02)
    assert unsure < 0.75


@given(st.integers(0, 200))
def test_no_wrong_picture_is_certain_where_sixteen_others_were_right(seed: int) -> None:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 3, 16)
    logits = generator.normal(size=(16, 3)) + generator.uniform(4, 10) * np.eye(3)[labels]
    told = softmax(logits, fit_temperature(logits, labels))
    assert (told.argmax(axis=1) == labels).all()
    assert f"{told.max():.3f}" != "1.000"


@given(st.integers(0, 50), st.floats(0.3, 3))
def test_hundreds_of_pictures_have_the_temperature_of_the_lowest_loss(seed: int, surety: float) -> None:
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(500, 3)) * 3
    labels = sampled(logits * surety, generator)
    found = fit_temperature(logits, labels)
    around = [log_loss(softmax(logits, found * factor), labels) for factor in (0.98, 1.02)]
    assert log_loss(softmax(logits, found), labels) < min(around)


def test_few_pictures_lose_less_on_others_than_the_lowest_loss_on_themselves_would() -> None:
    generator = np.random.default_rng(1)
    logits = generator.normal(size=(64 * 16, 3)) * 4
    labels = sampled(logits, generator)
    tried = np.geomspace(*TEMPERATURES, 200)
    fitted, lowest = [], []
    for part in (slice(start, start + 16) for start in range(0, len(labels), 16)):
        best = min(tried, key=lambda each: log_loss(softmax(logits[part], each), labels[part]))
        lowest.append(log_loss(softmax(logits, best), labels))
        fitted.append(log_loss(softmax(logits, fit_temperature(logits[part], labels[part])), labels))
    assert np.mean(fitted) < 0.9 * np.mean(lowest)
    assert max(fitted) < 1.4 * log_loss(softmax(logits), labels) < max(lowest)


def test_the_more_mistakes_were_seen_the_fewer_are_added() -> None:
    added = [unseen_mistakes(seen) for seen in range(100)]
    assert added == sorted(added, reverse=True)
    assert (added[0], added[3]) == (2, 1)
    assert added[13] == pytest.approx(0.1, abs=0.01)


@given(st.lists(st.tuples(shares, st.booleans()), max_size=80), st.sampled_from([0.8, 0.95]))
def test_claims_from_the_threshold_reach_the_precision(
    pairs: list[tuple[float, bool]], target: float
) -> None:
    confidence = np.array([c for c, _ in pairs])
    right = np.array([r for _, r in pairs], bool)
    threshold = fit_threshold(confidence, right, np.ones(len(pairs)), target)
    assert THRESHOLDS[0] <= threshold <= THRESHOLDS[1]
    if THRESHOLDS[0] < threshold < THRESHOLDS[1]:
        assert right[confidence >= threshold].mean() >= target - 1e-9


@given(st.lists(st.tuples(shares, st.booleans()), max_size=60))
def test_a_higher_target_never_lowers_the_threshold(pairs: list[tuple[float, bool]]) -> None:
    confidence, right = np.array([c for c, _ in pairs]), np.array([r for _, r in pairs], bool)
    thresholds = [
        fit_threshold(confidence, right, np.ones(len(pairs)), target) for target in (0.7, 0.9, 0.99)
    ]
    assert thresholds == sorted(thresholds)


def test_many_right_claims_give_the_lowest_threshold() -> None:
    assert fit_threshold(np.full(100, 0.4), np.ones(100, bool), np.ones(100), 0.95) == THRESHOLDS[0]


def test_what_is_less_sure_than_all_that_was_right_is_claimed_too() -> None:
    confidence = np.linspace(0.85, 0.95, 60)
    assert fit_threshold(confidence, np.ones(60, bool), np.ones(60), 0.95) == THRESHOLDS[0]
    assert fit_threshold(confidence, confidence > 0.87, np.ones(60), 0.95) > 0.85


@pytest.mark.parametrize("count", [0, 1, 10])
def test_few_right_claims_prove_nothing(count: int) -> None:
    threshold = fit_threshold(np.full(count, 0.8), np.ones(count, bool), np.ones(count), 0.95)
    assert threshold == THRESHOLDS[1]


def test_confident_mistakes_raise_the_threshold() -> None:
    confidence = np.linspace(0.5, 1, 200)
    wrong_below = fit_threshold(confidence, confidence > 0.7, np.ones(200), 0.95)
    assert 0.66 < wrong_below < 0.71


@given(positives=st.integers(1, 500), negatives=st.integers(0, 500))
def test_negatives_weigh_no_more_than_a_tenth(positives: int, negatives: int) -> None:
    weight = negative_weight(positives, negatives)
    assert 0 < weight <= 1
    assert weight * negatives / (positives + weight * negatives) <= 0.1 + 1e-9


@given(
    positives=st_numpy.arrays(np.float64, st.integers(1, 200), elements=st.floats(-100, 100)),
    negatives=st_numpy.arrays(np.float64, st.integers(0, 50), elements=st.floats(-100, 100)),
)
def test_the_in_distribution_threshold_loses_a_tenth_at_most(
    positives: np.ndarray, negatives: np.ndarray
) -> None:
    threshold = fit_in_distribution_threshold(positives, negatives)
    assert np.mean(positives < threshold) <= 0.1 + 1e-9


def test_nine_known_negatives_of_ten_are_flagged() -> None:
    positives, negatives = np.linspace(0, 1, 1000), np.linspace(-0.4, 0.1, 501)
    threshold = fit_in_distribution_threshold(positives, negatives)
    assert np.mean(negatives < threshold) == pytest.approx(0.9, abs=0.01)
    assert np.mean(positives < threshold) < 0.06

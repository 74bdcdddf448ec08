import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.errors import ExamplesError
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.evaluate import evaluate
from worker.cnn.figures.intervals import Interval, bootstrap_intervals
from worker.cnn.figures.metrics import (
    category_scores,
    error_matrix,
    expected_calibration_error,
    log_loss,
    softmax,
)

logits_strategy = st_numpy.arrays(
    np.float64, st.tuples(st.integers(1, 40), st.just(3)), elements=st.floats(-60, 60)
)
labels_strategy = st.lists(st.integers(0, 2), min_size=1, max_size=50)


@given(logits=logits_strategy, temperature=st.floats(0.05, 20))
def test_probabilities_sum_to_one_and_keep_the_likeliest(logits: np.ndarray, temperature: float) -> None:
    probabilities = softmax(logits, temperature)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert np.all(np.take_along_axis(probabilities, logits.argmax(axis=1)[:, None], 1) >= 1 / 3 - 1e-9)


@given(labels_strategy, st.randoms(use_true_random=False))
def test_scores_agree_with_scikit_learn(labels: list[int], random: Random) -> None:
    true = np.array(labels)
    predicted = np.random.default_rng(random.randint(0, 99)).integers(0, 3, len(true))
    matrix = error_matrix(true, predicted, 3)
    assert matrix.tolist() == confusion_matrix(true, predicted, labels=[0, 1, 2]).tolist()
    expected = precision_recall_fscore_support(true, predicted, labels=[0, 1, 2], zero_division=0)
    scores = category_scores(matrix)
    assert [score.precision for score in scores] == pytest.approx(expected[0])
    assert [score.recall for score in scores] == pytest.approx(expected[1])
    assert [score.f1 for score in scores] == pytest.approx(expected[2])
    assert [score.support for score in scores] == expected[3].tolist()


@given(logits=logits_strategy)
def test_calibration_error_is_a_share(logits: np.ndarray) -> None:
    labels = np.zeros(len(logits), int)
    answers = Answers(softmax(logits), labels, np.zeros(len(logits), bool))
    assert 0 <= expected_calibration_error(answers.confidence, answers.right) <= 1


def test_calibration_error_of_known_cases() -> None:
    assert expected_calibration_error(np.ones(10), np.full(10, True)) == 0
    assert expected_calibration_error(np.ones(10), np.full(10, False)) == 1
    assert expected_calibration_error(np.full(10, 0.8), np.arange(10) < 6) == pytest.approx(0.2)


def test_log_loss_of_a_coin_is_log_two() -> None:
    assert log_loss(np.full((4, 2), 0.5), np.array([0, 1, 0, 1])) == pytest.approx(math.log(2))
    assert math.isfinite(log_loss(np.array([[1.0, 0.0]]), np.array([1])))


def test_an_evaluation_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.8, 0.2], [0.9, 0.1]])
    labels = np.array([0, 1, 1, KNOWN_NEGATIVE, KNOWN_NEGATIVE])
    uncertain = np.array([False, True, False, True, False])
    evaluation = evaluate(Answers(probabilities, labels, uncertain), ("saree", "jeans"))
    assert evaluation.pictures == 3
    assert evaluation.accuracy == pytest.approx(2 / 3)
    assert evaluation.error_matrix == ((1, 0), (1, 1))
    assert evaluation.categories["saree"].precision == 0.5
    assert evaluation.categories["jeans"].recall == 0.5
    assert evaluation.macro_f1 == pytest.approx(2 / 3)
    assert evaluation.coverage == pytest.approx(2 / 3)
    assert evaluation.claimed_accuracy == 1
    assert (evaluation.negatives, evaluation.negatives_flagged) == (2, 0.5)


def test_a_category_without_a_test_picture_does_not_count_in_the_mean() -> None:
    probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    answers = Answers(probabilities, np.array([0, 1]), np.array([False, False]))
    categories = ("saree", "jeans", "trousers")
    evaluation = evaluate(answers, categories)
    assert evaluation.macro_f1 == 1
    assert evaluation.categories["trousers"].support == 0
    assert bootstrap_intervals(answers, np.array([1, 1]), categories).macro_f1 == Interval(1, 1)


def test_an_evaluation_of_nothing_is_refused() -> None:
    with pytest.raises(ExamplesError, match="got 1 negatives"):
        evaluate(
            Answers(np.array([[0.5, 0.5]]), np.array([KNOWN_NEGATIVE]), np.array([True])), ("saree", "jeans")
        )

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from worker.cnn.figures.curves import accuracy_coverage_curve, reliability_bins
from worker.cnn.figures.metrics import expected_calibration_error

confidences = st_numpy.arrays(np.float64, st.integers(1, 60), elements=st.floats(0.5, 1))


@given(confidences, st.integers(0, 99))
def test_the_bins_are_those_of_the_expected_calibration_error(confidence: np.ndarray, seed: int) -> None:
    right = np.random.default_rng(seed).random(len(confidence)) < confidence
    bins = reliability_bins(confidence, right)
    assert sum(each.pictures for each in bins) == len(confidence)
    assert all(each.low - 1e-9 <= each.confidence <= each.high + 1e-9 for each in bins)
    gap = sum(each.pictures * abs(each.confidence - each.accuracy) for each in bins) / len(confidence)
    assert gap == pytest.approx(expected_calibration_error(confidence, right))


def test_a_curve_by_hand() -> None:
    confidence = np.array([0.9, 0.8, 0.8, 0.6, 0.99])
    right = np.array([True, True, False, False, True])
    claimable = np.array([True, True, True, True, False])
    points = accuracy_coverage_curve(confidence, right, claimable)
    assert [point.threshold for point in points] == [0.9, 0.8, 0.6]
    assert [point.coverage for point in points] == pytest.approx([0.2, 0.6, 0.8])
    assert [point.accuracy for point in points] == pytest.approx([1, 2 / 3, 1 / 2])


@given(confidences, st.integers(0, 99))
def test_a_point_says_what_its_threshold_would_claim(confidence: np.ndarray, seed: int) -> None:
    right = np.random.default_rng(seed).random(len(confidence)) < confidence
    points = accuracy_coverage_curve(confidence, right, np.full(len(confidence), True))
    for point in points:
        claimed = confidence >= point.threshold
        assert point.coverage == pytest.approx(claimed.mean())
        assert point.accuracy == pytest.approx(right[claimed].mean())
    assert points[-1].coverage == 1


def test_where_nothing_may_be_claimed_there_is_no_curve() -> None:
    assert accuracy_coverage_curve(np.array([0.9]), np.array([True]), np.array([False])) == ()

import math

import numpy as np
import pytest

from benchmarks.resampling import bootstrap, over_seeds


def test_units_are_drawn_with_all_their_rows() -> None:
    values, units = np.array([0.0, 1.0, 0.0, 1.0]), np.array(["a", "a", "b", "b"])
    found = bootstrap(lambda rows: {"mean": float(values[rows].mean()), "none": None}, units)
    assert found["mean"] == (0.5, 0.5)
    assert all(map(math.isnan, found["none"]))


def test_the_interval_over_seeds_is_students() -> None:
    mean, low, high = over_seeds([0.8, 0.9, 1.0])
    assert mean == pytest.approx(0.9)
    assert high - mean == pytest.approx(4.3027 * 0.1 / math.sqrt(3), rel=1e-4)
    assert low == pytest.approx(2 * mean - high)
    assert math.isnan(over_seeds([0.8])[1])

from typing import Any

import numpy as np
import pytest

from worker.cnn.networks.two_views import over_pictures
from worker.cnn.quiet_tensorflow import keras

pytestmark = pytest.mark.slow

SIDE, COUNT = 6, 5


@pytest.fixture(scope="module")
def model() -> Any:
    """A model of one view: squares (n, 6, 6, 3) to maps (n, 4, 4, 2)."""
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((SIDE, SIDE, 3)), keras.layers.Conv2D(2, 3)])


@pytest.fixture(scope="module")
def squares() -> np.ndarray:
    """Two views of each picture."""
    return np.random.default_rng(0).random((COUNT, 2, SIDE, SIDE, 3), dtype=np.float32)


def test_each_view_of_a_picture_is_seen_alone_and_the_box_comes_first(
    model: Any, squares: np.ndarray
) -> None:
    pictures = np.concatenate([squares[:, 0], squares[:, 1]], axis=1)
    both = over_pictures(model, "both")
    assert both.input_shape == (None, 2 * SIDE, SIDE, 3)
    maps = np.asarray(both(pictures))
    assert maps.shape == (COUNT, 2, 4, 4, 2)
    for view in (0, 1):
        assert np.allclose(maps[:, view], np.asarray(model(squares[:, view])), atol=1e-6)


def test_it_can_be_saved_and_read_again_without_running_code(
    model: Any, squares: np.ndarray, tmp_path: Any
) -> None:
    both = over_pictures(model, "both")
    both.save(tmp_path / "both.keras")
    again = keras.saving.load_model(tmp_path / "both.keras", compile=False, safe_mode=True)
    pictures = np.concatenate([squares[:, 0], squares[:, 1]], axis=1)
    assert np.allclose(np.asarray(again(pictures)), np.asarray(both(pictures)), atol=1e-6)

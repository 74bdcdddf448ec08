import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.cnn.learning.augmentation import ZOOM, alter
from worker.cnn.learning.epoch_batches import ShuffledBatches, make_targets

pytestmark = pytest.mark.slow


@given(count=st.integers(1, 30), batch_size=st.integers(1, 12), seed=st.integers(0, 5))
def test_an_epoch_shows_every_input_once(count: int, batch_size: int, seed: int) -> None:
    inputs = np.arange(count)
    batches = ShuffledBatches(inputs, make_targets(inputs % 2, 2, balanced=False), batch_size, seed)
    shown = np.concatenate([batches[index][0] for index in range(len(batches))])
    assert sorted(shown.tolist()) == inputs.tolist()


def test_inputs_targets_and_weights_stay_together() -> None:
    labels = np.array([0, 0, 0, 1])
    batches = ShuffledBatches(labels, make_targets(labels, 2, balanced=True), 3, seed=0)
    for inputs, one_hot, weights in (batches[0], batches[1]):
        assert one_hot.argmax(axis=1).tolist() == inputs.tolist()
        assert weights == pytest.approx(np.where(inputs == 0, 2 / 3, 2))


def test_epochs_differ_and_a_seed_repeats_them() -> None:
    def two_epochs() -> list[list[int]]:
        inputs = np.arange(20)
        batches = ShuffledBatches(
            inputs, make_targets(inputs % 2, 2, balanced=False), 20, seed=3, alteration=_shuffled
        )
        first = batches[0][0].tolist()
        batches.on_epoch_end()
        return [first, batches[0][0].tolist()]

    first, second = two_epochs()
    assert first != second
    assert two_epochs() == [first, second]


def test_alterations_keep_shape_and_range() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (4, 60, 60, 3), np.uint8)
    altered = np.asarray(alter(pictures, np.random.default_rng(1)))
    assert altered.shape == pictures.shape
    assert altered.min() >= 0
    assert altered.max() <= 255
    assert not np.array_equal(altered, pictures)


def test_alterations_zoom_within_the_notebooks_range() -> None:
    disc = np.zeros((1, 101, 101, 3), np.uint8)
    rows, columns = np.ogrid[-50:51, -50:51]
    disc[0, rows**2 + columns**2 <= 30**2] = 255
    areas = [
        float(np.asarray(alter(disc, np.random.default_rng(seed))).mean() / disc.mean()) for seed in range(40)
    ]
    assert (1 - ZOOM) ** 2 * 0.98 < 1 / max(areas) < 0.9
    assert 1.1 < 1 / min(areas) < (1 + ZOOM) ** 2 * 1.02


def test_about_half_of_the_pictures_are_mirrored() -> None:
    picture = np.zeros((1, 50, 50, 3), np.uint8)
    picture[:, :, :20] = 255
    left = [np.asarray(alter(picture, np.random.default_rng(seed)))[0, 25, 5, 0] > 128 for seed in range(60)]
    assert 15 < sum(left) < 45


def _shuffled(inputs: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return generator.permutation(inputs)

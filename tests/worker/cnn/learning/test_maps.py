from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from worker.cnn.config import FineTuning, NetworkName
from worker.cnn.learning.array_cache import ArrayCache, CachedArrays
from worker.cnn.learning.map_batches import AlteredMaps, PlainMaps
from worker.cnn.learning.maps import compute_maps, open_map_cache
from worker.cnn.networks.efficientnet import build_backbone
from worker.cnn.networks.upper_blocks import build_lower_blocks
from worker.cnn.pictures.dataset import Examples
from worker.cnn.pictures.views import View
from worker.cnn.progress import no_report
from worker.cnn.quiet_tensorflow import keras

pytestmark = pytest.mark.slow

LITE0 = NetworkName.EFFICIENTNET_LITE0
ROWS = np.arange(4)
SHOWN = (View.ORIGINAL,) * 4


@pytest.fixture(scope="module")
def lower() -> Any:
    return build_lower_blocks(LITE0, build_backbone(LITE0))


@pytest.fixture(scope="module")
def examples(drawn_examples: Callable[[NetworkName], Examples]) -> Examples:
    return drawn_examples(LITE0).positives().select(np.array([0, 8, 16, 1]))


@pytest.fixture
def cache(tmp_path: Path, lower: Any) -> ArrayCache:
    return open_map_cache(tmp_path, LITE0, lower)


@pytest.fixture
def maps(lower: Any, examples: Examples, cache: ArrayCache) -> CachedArrays:
    return compute_maps(lower, examples, (View.ORIGINAL,), cache, no_report)


def losses(maps: CachedArrays, callbacks: Sequence[Any] = ()) -> list[float]:
    """Of a small head that is fitted to maps as fine-tuning reads them, lazily and in a thread of TensorFlow's."""
    keras.utils.set_random_seed(0)
    head = keras.Sequential(
        [keras.layers.GlobalAveragePooling3D(), keras.layers.Dense(3, activation="softmax")]
    )
    head.compile(loss="categorical_crossentropy")
    one_hot = np.eye(3, dtype=np.float32)[maps.examples.labels]
    batches = AlteredMaps(maps, one_hot, np.full(4, 1 / 4), FineTuning(batch_size=4), seed=0)
    history = head.fit(
        batches,
        validation_data=PlainMaps(maps, one_hot),
        epochs=3,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
    ).history
    return [*history["loss"], *history["val_loss"]]


def test_damaged_maps_are_computed_again(maps: CachedArrays, cache: ArrayCache) -> None:
    fresh = maps.read(ROWS, SHOWN)
    paths = [cache.path(key, View.ORIGINAL) for key in maps.examples.keys.tolist()]
    paths[0].write_bytes(b"")
    paths[1].write_bytes(paths[1].read_bytes()[:1000])
    np.save(paths[2], np.zeros(3, np.float16))
    paths[3].unlink()
    assert np.allclose(maps.read(ROWS, SHOWN), fresh, atol=1e-2)
    assert all(np.isfinite(np.load(path)).all() for path in paths)


def test_fine_tuning_goes_on_when_its_maps_vanish(maps: CachedArrays, cache: ArrayCache) -> None:
    expected = losses(maps)

    def lose_all(*_: Any) -> None:
        for path in cache.folder.rglob("*.npy"):
            path.unlink()

    vanishing = keras.callbacks.LambdaCallback(on_epoch_end=lose_all)
    assert losses(maps, [vanishing]) == pytest.approx(expected, rel=1e-3)

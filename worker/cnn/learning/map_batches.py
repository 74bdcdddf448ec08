"""Batches of maps for fine-tuning: drawn, altered and mixed for training, and as they are for validation."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats
from worker.cnn.config import FineTuning
from worker.cnn.learning.array_cache import CachedArrays
from worker.cnn.learning.epoch_batches import EpochBatches
from worker.cnn.pictures.views import PLAIN_VIEWS, View
from worker.cnn.quiet_tensorflow import keras

_ALTERED_VIEWS: Final = tuple(view for view in View if view not in PLAIN_VIEWS)
_BATCH_SIZE: Final = 64


class AlteredMaps(EpochBatches):
    """Batches of (maps, targets) drawn by chance, in any view, and mixed; the same again for the same seed.

    Args:
        maps: of n pictures in all views.
        one_hot: targets, float32 (n, classes).
        chances: of each picture to be drawn, (n,), summing to one.
        settings: batch size, share of plain views, and how pictures are mixed.
        seed: of what is drawn, which differs from epoch to epoch.
    """

    def __init__(
        self,
        maps: CachedArrays,
        one_hot: NDArray[np.float32],
        chances: Floats,
        settings: FineTuning,
        seed: int,
    ) -> None:
        super().__init__()
        self._maps, self._one_hot, self._chances = maps, one_hot, chances
        self._settings, self._seed = settings, seed

    def __len__(self) -> int:
        return math.ceil(len(self._maps) / self._settings.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        generator = np.random.default_rng((self._seed, self.epoch, index))
        rows = generator.choice(len(self._maps), self._settings.batch_size, p=self._chances)
        inputs = self._maps.read(rows, self._views(len(rows), generator))
        drawn = generator.beta(self._settings.mixup, self._settings.mixup)
        share, partners = np.float32(max(drawn, 1 - drawn)), generator.permutation(len(rows))
        return tuple(share * array + (1 - share) * array[partners] for array in (inputs, self._one_hot[rows]))

    def _views(self, count: int, generator: np.random.Generator) -> list[View]:
        plain = generator.random(count) < self._settings.plain_share
        return [
            PLAIN_VIEWS[generator.integers(len(PLAIN_VIEWS))]
            if shown_plainly
            else _ALTERED_VIEWS[generator.integers(len(_ALTERED_VIEWS))]
            for shown_plainly in plain
        ]


class PlainMaps(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of (maps, targets) of pictures as they are, in order."""

    def __init__(self, maps: CachedArrays, one_hot: NDArray[np.float32]) -> None:
        super().__init__()
        self._maps, self._one_hot = maps, one_hot

    def __len__(self) -> int:
        return math.ceil(len(self._maps) / _BATCH_SIZE)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        rows = np.arange(len(self._maps))[index * _BATCH_SIZE : (index + 1) * _BATCH_SIZE]
        return self._maps.read(rows, [View.ORIGINAL] * len(rows)), self._one_hot[rows]

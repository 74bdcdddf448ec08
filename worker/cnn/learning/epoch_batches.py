"""Batches of training examples, shuffled and altered the same again for the same seed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Labels
from worker.cnn.pictures.dataset import class_weights
from worker.cnn.quiet_tensorflow import keras

Alteration: TypeAlias = Callable[[Any, np.random.Generator], Any]


@dataclass(frozen=True)
class Targets:
    """What the network should say: one-hot float32 (n, classes), and each picture's weight, float32 (n,)."""

    one_hot: NDArray[np.float32]
    weights: NDArray[np.float32]


def make_targets(labels: Labels, classes: int, *, balanced: bool) -> Targets:
    """Spell labels (n,) as targets; `balanced` gives every category the same weight in sum."""
    weights = class_weights(labels, classes) if balanced else dict.fromkeys(range(classes), 1.0)
    return Targets(
        np.eye(classes, dtype=np.float32)[labels],
        np.array([weights[label] for label in labels.tolist()], np.float32),
    )


class EpochBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of (inputs, one-hot targets, weights) that depend on the epoch, for Keras' `fit` with `shuffle=False`.

    Attributes:
        epoch: counted from 0; set it to let a fit go on where it stopped.
    """

    epoch = 0

    def on_epoch_end(self) -> None:
        """Move on to the next epoch."""
        self.epoch += 1


class ShuffledBatches(EpochBatches):
    """Shuffled batches of (inputs, one-hot targets, weights), the same again for the same seed.

    Args:
        inputs: (n, ...), pictures or features; may be a memory map.
        targets: of the same length.
        batch_size: inputs a batch; the last one may be smaller.
        seed: of the order and of the alterations, which differ from epoch to epoch.
        alteration: changes a batch of inputs with the generator that it is given.
    """

    def __init__(
        self, inputs: Any, targets: Targets, batch_size: int, seed: int, alteration: Alteration | None = None
    ) -> None:
        super().__init__()
        self._inputs, self._targets, self._alteration = inputs, targets, alteration
        self._batch_size, self._seed = batch_size, seed

    def __len__(self) -> int:
        return math.ceil(len(self._inputs) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        order = np.random.default_rng((self._seed, self.epoch)).permutation(len(self._inputs))
        rows = np.sort(order[index * self._batch_size : (index + 1) * self._batch_size])
        inputs = self._inputs[rows]
        if self._alteration:
            inputs = self._alteration(inputs, np.random.default_rng((self._seed, self.epoch, index)))
        return inputs, self._targets.one_hot[rows], self._targets.weights[rows]

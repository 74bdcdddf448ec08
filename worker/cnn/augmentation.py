"""The notebook's augmentation, as batches that Keras trains on.

Keras' ImageDataGenerator(shear_range=0.2, zoom_range=0.2, horizontal_flip=True) did it in the notebook. It is
deprecated; this is its arithmetic on today's operations (keras/src/legacy/preprocessing/image.py).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.dataset import Pictures
from worker.cnn.engine import keras

SHEAR_DEGREES: Final = 0.2
"""The notebook's 0.2 is degrees, not radians: next to nothing."""

ZOOM: Final = 0.2


class AugmentedPictures(keras.utils.PyDataset):  # type: ignore[misc]
    """Shuffled batches of altered pictures with their targets and weights, the same again for the same seed.

    Args:
        pictures: uint8 (n, height, width, 3).
        targets: float32 (n, classes).
        weights: float32 (n,), of each picture in the loss.
        batch_size: pictures a batch; the last one may be smaller.
        seed: of the order and of the alterations.
    """

    def __init__(
        self,
        pictures: Pictures,
        targets: NDArray[np.float32],
        weights: NDArray[np.float32],
        batch_size: int,
        seed: int,
    ) -> None:
        super().__init__()
        self._pictures, self._targets, self._weights = pictures, targets, weights
        self._batch_size, self._seed, self._epoch = batch_size, seed, 0

    def __len__(self) -> int:
        return -(-len(self._targets) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        order = np.random.default_rng((self._seed, self._epoch)).permutation(len(self._targets))
        rows = np.sort(order[index * self._batch_size : (index + 1) * self._batch_size])
        generator = np.random.default_rng((self._seed, self._epoch, index))
        return alter(self._pictures[rows], generator), self._targets[rows], self._weights[rows]

    def on_epoch_end(self) -> None:
        """Move on to the next order and the next alterations."""
        self._epoch += 1


def alter(pictures: Pictures, generator: np.random.Generator) -> Any:
    """Shear, zoom and perhaps flip each picture; gives float32 of the same shape, 0 to 255."""
    count, height, width = pictures.shape[:3]
    transforms = np.stack([_transform(height, width, generator) for _ in range(count)])
    return keras.ops.image.affine_transform(
        pictures.astype(np.float32), transforms, interpolation="bilinear", fill_mode="nearest"
    )


def _transform(height: int, width: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Draw one alteration: eight numbers that map output to input coordinates (columns before rows)."""
    shear = np.deg2rad(generator.uniform(-SHEAR_DEGREES, SHEAR_DEGREES))
    zoom_rows, zoom_columns = generator.uniform(1 - ZOOM, 1 + ZOOM, 2)
    flip = -1.0 if generator.random() < 0.5 else 1.0  # noqa: PLR2004 - a fair coin
    # The legacy code multiplies shear and zoom in (row, column) order and turns about the centre.
    matrix = np.array(
        [
            [np.cos(shear) * zoom_columns * flip, 0.0],
            [-np.sin(shear) * zoom_columns * flip, zoom_rows],
        ]
    )
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    offset = centre - matrix @ centre
    return np.array([*matrix[0], offset[0], *matrix[1], offset[1], 0.0, 0.0], np.float32)

"""The notebook's augmentation: each picture sheared, zoomed and perhaps mirrored.

Keras' ImageDataGenerator(shear_range=0.2, zoom_range=0.2, horizontal_flip=True) did it in the notebook. It is
deprecated; this is its arithmetic on today's operations (keras/src/legacy/preprocessing/image.py).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Pictures
from worker.cnn.quiet_tensorflow import keras

SHEAR_DEGREES: Final = 0.2
"""The notebook's 0.2 is degrees, not radians: next to nothing."""

ZOOM: Final = 0.2


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
    zoom = generator.uniform(1 - ZOOM, 1 + ZOOM, 2)
    flip = -1.0 if generator.random() < 0.5 else 1.0  # noqa: PLR2004 - a fair coin
    sheared = np.array([[1.0, -np.sin(shear)], [0.0, np.cos(shear)]])
    matrix = sheared @ np.diag(zoom) @ np.diag([flip, 1.0])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    offset = centre - matrix @ centre
    return np.array([*matrix[0], offset[0], *matrix[1], offset[1], 0.0, 0.0], np.float32)

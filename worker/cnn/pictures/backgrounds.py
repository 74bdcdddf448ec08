"""Tells a garment from a uniform background, such as a studio's, and a photo from the padding around it."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label

from worker.cnn.arrays import Pictures

TOLERANCE: Final = 20
"""A pixel is background if no channel is further than this from the background's colour, of 255."""

UNIFORM_FRAME: Final = 0.55
"""Share of the outermost pixels that has to be background for the background to be uniform."""

SMALLEST_GARMENT: Final = 0.05
"""A smaller share of the picture is no garment: it has the background's colour, and was taken for it."""

FILLED_BOX: Final = 0.95
"""What is not white fills so much of its box, and so much of the box's outermost pixels, if the rest is padding."""

FADE: Final = 0.15
"""Without a uniform background, the borders fade over this share of the sides."""

_WHITE: Final = 255


def frame(array: NDArray[Any]) -> NDArray[Any]:
    """Give the outermost pixels of (height, width, ...): (2 * (height + width), ...)."""
    return np.concatenate([array[0], array[-1], array[:, 0], array[:, -1]])


def photo_box(picture: Pictures) -> tuple[slice, slice]:
    """Find the rows and columns of uint8 (height, width, 3) that hold the photo, without white padding.

    A garment before a white background does not fill its box: there the whole picture is the photo.
    """
    shown = picture.min(axis=-1) < _WHITE
    box = _extent(shown.any(axis=1)), _extent(shown.any(axis=0))
    if shown[box].size and min(shown[box].mean(), frame(shown[box]).mean()) > FILLED_BOX:
        return box
    return slice(0, picture.shape[0]), slice(0, picture.shape[1])


def _extent(there: NDArray[np.bool_]) -> slice:
    """Give the range from the first to the last that is there; empty where none is."""
    indices = np.flatnonzero(there)
    return slice(int(indices[0]), int(indices[-1]) + 1) if len(indices) else slice(0, 0)


def garment_share(picture: Pictures) -> NDArray[np.float32]:
    """Give, for each pixel of a photo, uint8 (height, width, 3), the share that the garment has in it: 0 to 1.

    Where the background is uniform, the garment is all that is not connected to the picture's frame by the
    background's colour: also the person who wears it. Elsewhere the share is 1 in the middle and falls to 0 at
    the borders, for want of a better estimate.
    """
    garment = uniform_background_garment(picture)
    if garment is None:
        return _fading(picture.shape[0], picture.shape[1])
    return np.asarray(gaussian_filter(garment.astype(np.float32), 1))


def uniform_background_garment(picture: Pictures) -> NDArray[np.int8] | None:
    """Mask with 1 what stands before a uniform background, int8 (height, width); None without one."""
    colour = np.median(frame(picture), axis=0).astype(np.int16)
    near = np.abs(picture - colour).max(axis=-1) <= TOLERANCE
    if frame(near).mean() < UNIFORM_FRAME:
        return None
    regions, count = label(near)
    outside = np.zeros(count + 1, bool)
    outside[frame(regions)] = True
    garment = (~(near & outside[regions])).astype(np.int8)
    return garment if garment.mean() >= SMALLEST_GARMENT else None


def _fading(height: int, width: int) -> NDArray[np.float32]:
    rows, columns = (np.minimum(np.arange(n), np.arange(n)[::-1]) / max(1, n - 1) for n in (height, width))
    nearest = np.minimum(rows[:, None], columns[None, :])
    return np.clip(nearest / FADE, 0, 1).astype(np.float32)

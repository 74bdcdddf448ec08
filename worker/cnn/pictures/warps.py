"""Warps of one picture: another viewpoint, another distance, cloth that hangs otherwise.

All take and give uint8 (height, width, 3). What comes into view from outside has the colour that prevails along
the frame.
"""

from typing import Final

import numpy as np
from PIL import Image
from scipy.ndimage import map_coordinates

from worker.cnn.arrays import Floats, Pictures
from worker.cnn.pictures.backgrounds import frame

_GRID: Final = 5
"""Displacements are drawn on so many points a side, and interpolated between them."""


def turn_camera(picture: Pictures, angle: float, tilt: float, direction: float) -> Pictures:
    """Turn the camera about its axis and tilt it to one side, by a homography.

    Args:
        picture: uint8 (height, width, 3).
        angle: of the turn, in radians.
        tilt: how much further away the far edge is than the middle, as a share; under 0.7, which would bring the
            vanishing line into the picture.
        direction: where the far edge lies, in radians.
    """
    height, width = picture.shape[:2]
    cosine, sine = np.cos(angle), np.sin(angle)
    recede = tilt * 2 / max(height, width) * np.array([np.cos(direction), np.sin(direction)])
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [*recede, 1]])
    to_centre = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    matrix = np.linalg.inv(to_centre) @ turn @ to_centre
    turned = Image.fromarray(picture).transform(
        (width, height),
        Image.Transform.PERSPECTIVE,
        (matrix / matrix[2, 2]).ravel()[:8].tolist(),
        Image.Resampling.BILINEAR,
        fillcolor=surrounding_colour(picture),
    )
    return np.asarray(turned)


def magnify(picture: Pictures, factor: float) -> Pictures:
    """Come nearer (a factor above 1) or go away (below 1); going away averages over all pixels."""
    height, width = picture.shape[:2]
    image = Image.fromarray(picture)
    if factor >= 1:
        left, top = (1 - 1 / factor) * width / 2, (1 - 1 / factor) * height / 2
        box = (left, top, width - left, height - top)
        return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, box=box))
    small = image.resize(
        (max(1, round(width * factor)), max(1, round(height * factor))), Image.Resampling.BILINEAR
    )
    canvas = Image.new("RGB", (width, height), surrounding_colour(picture))
    canvas.paste(small, ((width - small.width) // 2, (height - small.height) // 2))
    return np.asarray(canvas)


def deform(picture: Pictures, displacements: Floats) -> Pictures:
    """Shift each pixel smoothly, as cloth hangs otherwise; displacements (2, n, n), in shares of the shorter side.

    They lie on a coarse grid, bicubic between its points: Ronneberger et al., "U-Net" (MICCAI 2015), section 3.1.
    """
    height, width = picture.shape[:2]
    field = [
        np.asarray(Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC))
        for grid in displacements.astype(np.float32) * min(height, width)
    ]
    coordinates = np.indices((height, width), np.float32) + field
    channels = [
        map_coordinates(channel, coordinates, np.float32, order=1, mode="nearest")
        for channel in np.moveaxis(picture, -1, 0)
    ]
    return np.asarray(np.rint(np.stack(channels, axis=-1)), np.uint8)


def draw_displacements(generator: np.random.Generator) -> Floats:
    """Draw displacements for `deform`, normally distributed with a standard deviation of 1: (2, n, n)."""
    return generator.normal(size=(2, _GRID, _GRID))


def surrounding_colour(picture: Pictures) -> tuple[int, int, int]:
    """Give the median colour of the outermost pixels."""
    red, green, blue = np.median(frame(picture), axis=0).astype(int).tolist()
    return red, green, blue

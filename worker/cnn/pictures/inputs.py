"""From a picture to a network's input: the one way, in training, in serving and in prediction alike."""

from typing import Final

import numpy as np
from PIL import Image

from worker.cnn.arrays import Pictures
from worker.cnn.config import Fit, InputShape

_SIDE: Final = 96
"""Pixels of the small copy on which the garment is looked for."""

_DIFFERENCE: Final = 45
"""Sum over the channels by which a pixel differs from the border's median colour to belong to the garment."""

_SHARE: Final = 0.02
"""Of a row's or a column's pixels that have to belong to the garment, so that a speck does not count."""


def fit_picture(picture: Image.Image, shape: InputShape) -> Pictures:
    """Fit an RGB picture to a network's input, as uint8 (height, width, 3); the same in training and serving.

    Shrinking averages over all pixels (Pillow's antialiased bilinear filter), so that a large picture looks
    like a small one of the same garment.
    """
    match shape.fit:
        case Fit.SQUASH:
            return np.asarray(picture.resize((shape.width, shape.height), Image.Resampling.BILINEAR))
        case Fit.PAD:
            return _pad(picture, shape.width)
        case Fit.BOX_AND_UPPER:
            return np.concatenate([_pad(view, shape.width) for view in cut_views(picture)])


def cut_views(picture: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Cut the garment out of an RGB picture, and its upper half; VIEWS in worker/cnn/config.py names the way."""
    left, top, right, bottom = find_garment(picture)
    middle = max(top + 1, (top + bottom) // 2)
    return picture.crop((left, top, right, bottom)), picture.crop((left, top, right, middle))


def find_garment(picture: Image.Image) -> tuple[int, int, int, int]:
    """Find the box of what differs from the border's colour: left, top, right, bottom in pixels.

    Where nothing differs, it is the whole picture.
    """
    small = np.asarray(picture.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)).astype(np.int16)
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    differs = np.abs(small - np.median(border, axis=0)).sum(axis=-1) > _DIFFERENCE
    columns, rows = (np.flatnonzero(differs.mean(axis=axis) > _SHARE) for axis in (0, 1))
    if not len(rows) or not len(columns):
        return 0, 0, picture.width, picture.height
    left, right = (int(edge * picture.width / _SIDE) for edge in (columns[0], columns[-1] + 1))
    top, bottom = (int(edge * picture.height / _SIDE) for edge in (rows[0], rows[-1] + 1))
    return left, top, max(left + 1, right), max(top + 1, bottom)


def _pad(picture: Image.Image, side: int) -> Pictures:
    """Scale a picture to a square of so many pixels, centred on white."""
    scale = min(side / picture.width, side / picture.height)
    inner = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    canvas = Image.new("RGB", (side, side), "white")
    canvas.paste(
        picture.resize(inner, Image.Resampling.BILINEAR), ((side - inner[0]) // 2, (side - inner[1]) // 2)
    )
    return np.asarray(canvas)

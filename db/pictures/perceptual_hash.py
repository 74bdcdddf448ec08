"""The perceptual hash: near duplicates of a picture differ in few of its 64 bits."""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE: Final = 32
_LOWEST: Final = 8
_DECIMALS: Final = 6
"""Far above the rounding errors of a sum, so that each machine says the same of a flat picture, too."""


def perceptual_hash(picture: Image.Image) -> str:
    """Give 64 bits as 16 hex digits: which of the lowest frequencies of a picture lie above their median.

    The method, and but for rounding errors the value, of `phash` in the ImageHash library: a cosine transform
    (DCT-II) of 32x32 grey values, of which 8x8 are kept. Hashes of before can so be compared with new ones.
    """
    grey = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    cosines = _cosines()
    lowest = np.round(cosines @ np.asarray(grey, dtype=np.float64) @ cosines.T, _DECIMALS)
    return np.packbits(lowest > np.median(lowest)).tobytes().hex()


@cache
def _cosines() -> NDArray[np.float64]:
    """The eight lowest rows of the DCT-II matrix of 32 values, scaled as SciPy's default."""
    frequency, place = np.arange(_LOWEST)[:, None], np.arange(_SIDE)[None, :]
    return 2 * np.cos(np.pi * frequency * (2 * place + 1) / (2 * _SIDE))

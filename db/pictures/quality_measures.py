"""How quality codes are found: measures of a decoded picture and their thresholds, applied once, at the gate."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from db.pictures.codes import QualityCode

TINY_SIDE: Final = 48
"""Pixels, of the short side; 60x80 catalogue pictures, which a network reads well, are not tiny."""

ODD_ASPECT: Final = 3.0
"""Long side to short side; padded to a square of 224 pixels, a garment beyond it is under 75 pixels wide."""

DARK_LUMA: Final = 80.0
"""Of 255; the luma that 95 % of a dark picture's pixels stay below. A black garment on white is not dark."""

BLURRED_SHARPNESS: Final = 0.12
"""A Gaussian blur of 3 pixels of 224 brings 98 % of sharp photos below it; sharp ones lie above 0.15."""

_BOX: Final = 80
"""Pixels; pictures are compared at one size, which even 60x80 catalogue pictures reach."""


def quality_codes(picture: Image.Image, width: int, height: int) -> tuple[QualityCode, ...]:
    """Give the codes of an RGB picture in the order of QualityCode; none for a good one.

    Args:
        picture: decoded, perhaps at a fraction of its size.
        width: pixels of the whole picture.
        height: likewise.
    """
    luma = _small_luma(picture)
    short, long = sorted((width, height))
    found = {
        QualityCode.BLURRED: sharpness(luma) < BLURRED_SHARPNESS,
        QualityCode.DARK: float(np.percentile(luma, 95)) < DARK_LUMA,
        QualityCode.TINY: short < TINY_SIDE,
        QualityCode.ODD_ASPECT: long > ODD_ASPECT * short,
    }
    return tuple(code for code, is_so in found.items() if is_so)


def sharpness(luma: NDArray[np.float32]) -> float:
    """Divide the variance of the Laplacian by that of the luma (height, width), so that contrast does not count.

    The Laplacian's variance is the focus measure of Pech-Pacheco et al., "Diatom autofocusing in brightfield
    microscopy" (ICPR 2000). A blank picture has a sharpness of 0.
    """
    inner = luma[1:-1, 1:-1]
    laplacian = luma[1:-1, :-2] + luma[1:-1, 2:] + luma[:-2, 1:-1] + luma[2:, 1:-1] - 4 * inner
    return float(laplacian.var() / max(luma.var(), 1.0)) if laplacian.size else 0.0


def _small_luma(picture: Image.Image) -> NDArray[np.float32]:
    """Shrink to fit the box; a smaller picture stays as it is."""
    scale = min(1.0, _BOX / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return np.asarray(picture.resize(size, Image.Resampling.BOX).convert("L"), dtype=np.float32)

"""Draws what may lie behind a garment: a colour, a shade, clouds, planks or a weave."""

from typing import Final

import numpy as np
from PIL import Image

from worker.cnn.arrays import Floats, Pictures

_CELLS: Final = (3, 8, 24, 64)
"""Noise in so many cells a side, added up, looks like cloth, plaster or stone."""


def draw_texture(height: int, width: int, generator: np.random.Generator) -> Pictures:
    """Draw a background, uint8 (height, width, 3); each of the five kinds is as likely."""
    texture: Floats = np.broadcast_to(_colour(generator), (height, width, 3))
    kind = generator.integers(5)
    if kind == 1:
        texture = texture + _ramp(height, width, generator)[..., None] * generator.uniform(-120, 120)
    if kind >= 2:  # noqa: PLR2004
        texture = texture + _clouds(height, width, generator)
    if kind >= 3:  # noqa: PLR2004
        texture = texture + _stripes(height, width, generator)[..., None]
    return np.clip(texture, 0, 255).astype(np.uint8)


def _colour(generator: np.random.Generator) -> Floats:
    """Draw any colour, or, as often, one that is nearly grey, as walls and floors are."""
    if generator.random() < 0.5:  # noqa: PLR2004 - a fair coin
        return generator.uniform(20, 255, 3)
    return generator.uniform(30, 255) + generator.normal(0, 12, 3)


def _ramp(height: int, width: int, generator: np.random.Generator) -> Floats:
    rows, columns = np.mgrid[0:height, 0:width] / max(height, width)
    angle = generator.uniform(0, 2 * np.pi)
    return np.asarray(np.cos(angle) * columns + np.sin(angle) * rows)


def _clouds(height: int, width: int, generator: np.random.Generator) -> Floats:
    clouds = np.zeros((height, width, 3), np.float32)
    for cells in _CELLS:
        noise = Image.fromarray(generator.normal(0, 1, (cells, cells)).astype(np.float32))
        smooth = np.asarray(noise.resize((width, height), Image.Resampling.BICUBIC))
        clouds += smooth[..., None] * generator.uniform(3, 25) * generator.normal(1, 0.15, 3)
    return clouds


def _stripes(height: int, width: int, generator: np.random.Generator) -> Floats:
    period = generator.uniform(6, 80) / max(height, width)
    phase = _ramp(height, width, generator) / period
    dark = np.sin(2 * np.pi * phase) > generator.uniform(-0.9, 0.9)
    return np.where(dark, generator.uniform(-60, 60), 0.0)

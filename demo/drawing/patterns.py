"""Woven and printed patterns: masks over two cloth coordinates in pixels."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from demo.drawing.canvas import FloatArray, soft_step

Pattern: TypeAlias = Callable[[FloatArray, FloatArray], FloatArray]


def plain(along: FloatArray, across: FloatArray) -> FloatArray:
    """Give no pattern at all."""
    return np.zeros_like(along + across)


def stripes(pitch: float, width: float) -> Pattern:
    """Make stripes that run along the cloth."""
    return lambda along, across: soft_step(width / 2 - np.abs(_cell(across, pitch))) * np.ones_like(along)


def checks(pitch: float, width: float) -> Pattern:
    """Make crossing stripes."""
    one_way = stripes(pitch, width)
    return lambda along, across: np.maximum(one_way(along, across), one_way(across, along))


def motifs(pitch: float, radius: float, petals: int) -> Pattern:
    """Make small flowers in staggered rows; without petals they are dots."""

    def draw(along: FloatArray, across: FloatArray) -> FloatArray:
        row = np.floor(along / pitch)
        down, right = _cell(along - pitch / 2, pitch), _cell(across + row % 2 * pitch / 2, pitch)
        petal = 0.72 + 0.28 * np.cos(petals * np.arctan2(down, right)) if petals else 1.0
        return soft_step(radius * petal - np.hypot(down, right))

    return draw


def zigzags(pitch: float, width: float) -> Pattern:
    """Make lines that go up and down across the cloth."""
    return lambda along, across: soft_step(
        width / 2 - np.abs(_cell(along + np.abs(_cell(across, pitch)), pitch))
    )


def temple_edge(pitch: float, height: float) -> Pattern:
    """Make a row of triangles: `along` runs along the edge, `across` is the distance into the cloth."""
    return lambda along, across: soft_step(height * (1 - 2 * np.abs(_cell(along, pitch)) / pitch) - across)


def _cell(position: FloatArray, pitch: float) -> FloatArray:
    """Give the position within the repeat, from minus half a pitch to half a pitch."""
    within: FloatArray = position - pitch * np.rint(position / pitch)
    return within

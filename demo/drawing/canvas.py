"""A canvas of 320 x 420 pixels and the few shapes that garments are made of.

Arrays are float32. Masks and shades have the shape (420, 320); masks lie in 0..1, colours in 0..255.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

FloatArray: TypeAlias = NDArray[np.float32]
Point: TypeAlias = tuple[float, float]

WIDTH = 320
HEIGHT = 420
Y, X = (grid.astype(np.float32) for grid in np.mgrid[0:HEIGHT, 0:WIDTH])
_FINER = 2  # Strokes are drawn twice as large and reduced, which smooths their edges.


class Layer:
    """A picture with transparency that is painted piece by piece."""

    def __init__(self) -> None:
        self.colour = np.zeros((HEIGHT, WIDTH, 3), np.float32)
        self.alpha = np.zeros((HEIGHT, WIDTH), np.float32)

    def paint(self, mask: FloatArray, colour: ArrayLike, shade: FloatArray | float = 1.0) -> None:
        """Paint a colour, one for all pixels or one for each, over what is there.

        Args:
            mask: how much of each pixel is covered.
            colour: shape (3,) or (420, 320, 3).
            shade: light, multiplied with the colour.
        """
        rows, columns = _bounds(mask)
        cover = mask[rows, columns, None]
        painted = np.asarray(colour, np.float32)
        if painted.ndim > 1:
            painted = painted[rows, columns]
        light = shade[rows, columns, None] if isinstance(shade, np.ndarray) else shade
        self.colour[rows, columns] += (painted * light - self.colour[rows, columns]) * cover
        self.alpha[rows, columns] = np.maximum(self.alpha[rows, columns], mask[rows, columns])

    def light(self, factor: FloatArray, mask: FloatArray) -> None:
        """Lighten or darken what is there by a factor, where the mask covers it."""
        rows, columns = _bounds(mask)
        change = 1 + (factor[rows, columns] - 1) * mask[rows, columns]
        self.colour[rows, columns] *= change[..., None]

    def image(self) -> Image.Image:
        """Return the layer as an RGBA picture."""
        rgba = np.dstack([self.colour, self.alpha * 255])
        return Image.fromarray(np.clip(rgba, 0, 255).astype(np.uint8), "RGBA")


class Strip:
    """A piece of cloth between two edges, along a centre line.

    Args:
        along: the coordinate along the centre line, for every pixel.
        across: the coordinate across it.
        centre: the centre line's position across, by position along.
        half_width: half the width, by position along.

    Attributes:
        side: -1 at one edge, 0 on the centre line, 1 at the other.
        mask: the pixels between the edges; it has no ends until `between` cuts them.
    """

    def __init__(
        self,
        along: FloatArray,
        across: FloatArray,
        centre: Callable[[FloatArray], FloatArray],
        half_width: Callable[[FloatArray], FloatArray],
    ) -> None:
        self.along = along
        self.half = np.maximum(half_width(along), 0.5)
        offset = across - centre(along)
        self.side = offset / self.half
        self.mask = np.clip(self.half - np.abs(offset) + 0.5, 0, 1)

    def between(self, start: FloatArray | float, end: FloatArray | float) -> FloatArray:
        """Return the mask cut off before `start` and after `end`, positions along the centre line."""
        return self.mask * soft_step(self.along - start) * soft_step(end - self.along)


def soft_step(distance: FloatArray, softness: float = 1.0) -> FloatArray:
    """Return 0 for negative distances and 1 for positive ones, with a smooth edge some pixels wide."""
    return np.clip(distance / softness + 0.5, 0, 1).astype(np.float32)


def smooth_curve(*knots: Point) -> Callable[[FloatArray], FloatArray]:
    """Return a smooth function through points (position, value) given in the order of their positions."""
    positions, values = np.array(knots, np.float64).T
    slopes = np.gradient(values, positions)
    # Cubic Hermite pieces, tabulated once: looking positions up is much faster than evaluating them.
    table = np.linspace(positions[0], positions[-1], 256)
    left = np.clip(np.searchsorted(positions, table, "right") - 1, 0, len(positions) - 2)
    step = positions[left + 1] - positions[left]
    part = (table - positions[left]) / step
    back = 1 - part
    smooth = (
        values[left] * back * back * (1 + 2 * part)
        + values[left + 1] * part * part * (3 - 2 * part)
        + step * part * back * (slopes[left] * back - slopes[left + 1] * part)
    )
    return lambda at: np.interp(at, table, smooth).astype(np.float32)


def ellipse(centre: Point, radii: Point) -> FloatArray:
    """Return the mask of an ellipse."""
    distance = np.hypot((X - centre[0]) / radii[0], (Y - centre[1]) / radii[1])
    return np.clip((1 - distance) * min(radii) + 0.5, 0, 1).astype(np.float32)


def strokes(lines: Sequence[Sequence[Point]], width: float, dash: float = 0.0) -> FloatArray:
    """Return the mask of lines through points; with a dash, stitches of that length in pixels."""
    drawing = Image.new("L", (WIDTH * _FINER, HEIGHT * _FINER))
    pen = ImageDraw.Draw(drawing)
    for line in lines:
        for piece in _stitches(line, dash) if dash else [np.asarray(line)]:
            points = [(float(x) * _FINER, float(y) * _FINER) for x, y in piece]
            pen.line(points, fill=255, width=max(1, round(width * _FINER)), joint="curve")
    return _mask_of(drawing)


def polygon(points: Sequence[Point]) -> FloatArray:
    """Return the mask of a polygon."""
    drawing = Image.new("L", (WIDTH * _FINER, HEIGHT * _FINER))
    ImageDraw.Draw(drawing).polygon([(x * _FINER, y * _FINER) for x, y in points], fill=255)
    return _mask_of(drawing)


def smooth_noise(rng: np.random.Generator, cell: Point) -> FloatArray:
    """Return noise in about -1..1 whose spots have the size of a cell, in pixels across and down."""
    columns, rows = int(WIDTH / cell[0]) + 2, int(HEIGHT / cell[1]) + 2
    coarse = Image.fromarray(rng.uniform(-1, 1, (rows, columns)).astype(np.float32))
    return np.asarray(coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))


def wrinkles(rng: np.random.Generator, cell: Point, depth: float) -> FloatArray:
    """Return the light on wrinkled cloth: 1 where it is flat, more towards the light, less away from it."""
    height = smooth_noise(rng, cell)
    return (1 + depth * (height - np.roll(height, (4, 3), (0, 1)))).astype(np.float32)


def _stitches(line: Sequence[Point], dash: float) -> list[NDArray[np.float64]]:
    points = np.asarray(line, np.float64)
    lengths = np.hypot(*np.diff(points, axis=0).T)
    positions = np.concatenate([[0.0], np.cumsum(lengths)])
    starts = np.arange(0, positions[-1], dash * 1.6)
    ends = np.minimum(starts + dash, positions[-1])
    place = [np.column_stack([np.interp(at, positions, axis) for axis in points.T]) for at in (starts, ends)]
    return list(np.stack(place, axis=1))


def _mask_of(drawing: Image.Image) -> FloatArray:
    return np.asarray(drawing.reduce(_FINER), np.float32) / 255


def _bounds(mask: FloatArray) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)

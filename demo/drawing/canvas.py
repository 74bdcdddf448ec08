"""A canvas of 320 x 420 pixels and the few shapes that garments are made of.

Masks have the shape (420, 320), lights one that broadcasts to it, colours a last axis of three; all are
float32. Masks lie in 0..1, colours in 0..255, and a light of 1 leaves a colour as it is.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

FloatArray: TypeAlias = NDArray[np.floating[Any]]
Colour: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]
Curve: TypeAlias = Callable[[FloatArray], FloatArray]

WIDTH = 320
HEIGHT = 420
Y, X = (grid.astype(np.float32) for grid in np.ogrid[0:HEIGHT, 0:WIDTH])
_FINER = 2  # Outlines are drawn twice as large and reduced, which smooths their edges.
_CURVE_POINTS = 256


class Layer:
    """A picture with transparency that is painted piece by piece."""

    def __init__(self) -> None:
        self._colour = np.zeros((HEIGHT * WIDTH, 3), np.float32)
        self._alpha = np.zeros(HEIGHT * WIDTH, np.float32)

    @property
    def alpha(self) -> FloatArray:
        """The mask of everything that is painted."""
        return self._alpha.reshape(HEIGHT, WIDTH)

    def paint(self, mask: FloatArray, colour: FloatArray | Colour, light: FloatArray | float = 1.0) -> None:
        """Paint over what is there, where the mask covers it.

        Args:
            mask: how much of each pixel is covered.
            colour: one for all pixels, one for each pixel of the canvas, or one for each covered pixel in the
                order of `pixels_of`.
            light: one for all pixels, or one for each pixel of the canvas.
        """
        pixels = pixels_of(mask)
        cover = mask.ravel()[pixels, None]
        painted = np.asarray(colour, np.float32)
        if painted.shape == (HEIGHT, WIDTH, 3):
            painted = painted.reshape(-1, 3)[pixels]
        if isinstance(light, np.ndarray):
            light = gather(light, pixels)[:, None]
        there = self._colour[pixels]
        self._colour[pixels] = there + (painted * light - there) * cover
        self._alpha[pixels] = np.maximum(self._alpha[pixels], cover[:, 0])

    def shade(self, mask: FloatArray, light: float) -> None:
        """Lighten or darken what is there, where the mask covers it."""
        pixels = pixels_of(mask)
        self._colour[pixels] *= 1 + (light - 1) * mask.ravel()[pixels, None]

    def cast_shadow(self, mask: FloatArray, down: int, right: int) -> None:
        """Darken what is there below a piece that will be painted next."""
        self.shade(np.roll(mask, (down, right), (0, 1)), 0.72)

    def image(self) -> Image.Image:
        """Give the layer as an RGBA picture."""
        rgba = np.column_stack([self._colour, self._alpha * 255]).reshape(HEIGHT, WIDTH, 4)
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
        inwards: the distance from the nearer edge in pixels.
    """

    def __init__(self, along: FloatArray, across: FloatArray, centre: Curve, half_width: Curve) -> None:
        half = half_width(along)
        offset = across - centre(along)
        self._along = along
        self.side = offset / np.maximum(half, 0.5)
        self.inwards = half - np.abs(offset)

    def between(self, start: FloatArray | float, end: FloatArray | float) -> FloatArray:
        """Give the strip's mask from position `start` to `end` along the centre line."""
        return soft_step(self.inwards) * soft_step(self._along - start) * soft_step(end - self._along)

    def round_light(self, depth: float) -> FloatArray:
        """Give the light on a round body: full in the middle, less by `depth` at the edges."""
        side = np.clip(self.side, -1, 1)
        light: FloatArray = 1.04 - depth * np.abs(side * side * side)
        return light


def straight(along: FloatArray) -> FloatArray:
    """Give the centre line of a strip that lies on its axis."""
    return np.zeros_like(along)


def pixels_of(mask: FloatArray) -> NDArray[np.intp]:
    """Give the positions, in the flattened canvas, of the pixels that a mask covers."""
    return np.flatnonzero(mask > 0)


def gather(values: FloatArray, pixels: NDArray[np.intp]) -> FloatArray:
    """Give the values, one for each pixel of the canvas, at some pixels only."""
    return np.broadcast_to(values, (HEIGHT, WIDTH)).ravel()[pixels]


def soft_step(distance: FloatArray, softness: float = 1.0) -> FloatArray:
    """Give 0 for negative distances and 1 for positive ones, with a smooth edge some pixels wide."""
    step: FloatArray = np.clip(distance / softness + 0.5, 0, 1)
    return step


def smooth_curve(*knots: Point) -> Curve:
    """Give a smooth function through points (position, value) given in the order of their positions."""
    positions, values = np.array(knots, np.float64).T
    slopes = np.gradient(values, positions)
    # Cubic Hermite pieces, tabulated once: looking positions up is much faster than evaluating them.
    table = np.linspace(positions[0], positions[-1], _CURVE_POINTS)
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
    """Give the mask of an ellipse."""
    (x, y), (across, down) = centre, radii
    return _outline([(x - across, y - down), (x + across, y + down)], lambda pen, box: pen.ellipse(box, 255))


def polygon(points: Sequence[Point]) -> FloatArray:
    """Give the mask of a polygon."""
    return _outline(points, lambda pen, corners: pen.polygon(corners, 255))


def strokes(lines: Sequence[Sequence[Point]], width: float, dash: float = 0.0) -> FloatArray:
    """Give the mask of lines through points; with a dash, stitches of that length in pixels."""
    pieces = [piece for line in lines for piece in (_stitches(line, dash) if dash else [line])]
    drawing = Image.new("L", (WIDTH * _FINER, HEIGHT * _FINER))
    pen = ImageDraw.Draw(drawing)
    for piece in pieces:
        pen.line([(x * _FINER, y * _FINER) for x, y in piece], 255, max(1, round(width * _FINER)), "curve")
    return np.asarray(drawing.reduce(_FINER), np.float32) / 255


def smooth_noise(rng: np.random.Generator, cell: Point) -> FloatArray:
    """Give noise in about -1..1 whose spots have the size of a cell, in pixels across and down."""
    return np.asarray(_coarse_noise(rng, cell).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))


def wrinkles(rng: np.random.Generator, cell: Point, depth: float) -> FloatArray:
    """Give the light on wrinkled cloth: 1 where it is flat, more towards the light, less away from it."""
    right, down = 3, 4
    size = (WIDTH + right, HEIGHT + down)
    height = np.asarray(_coarse_noise(rng, cell).resize(size, Image.Resampling.BICUBIC))
    light: FloatArray = 1 + depth * (height[down:, right:] - height[:-down, :-right])
    return light


def happens(rng: np.random.Generator, share: float) -> bool:
    """Decide something that is true for a share of all drawings."""
    return bool(rng.random() < share)


def choose_colour(rng: np.random.Generator, colours: Sequence[Colour]) -> FloatArray:
    """Choose one of some colours."""
    return np.array(colours[int(rng.integers(len(colours)))], np.float32)


def _coarse_noise(rng: np.random.Generator, cell: Point) -> Image.Image:
    shape = (int(HEIGHT / cell[1]) + 2, int(WIDTH / cell[0]) + 2)
    return Image.fromarray(2 * rng.random(shape, np.float32) - 1)


def _stitches(line: Sequence[Point], dash: float) -> list[list[Point]]:
    points = np.asarray(line, np.float64)
    lengths = np.hypot(*np.diff(points, axis=0).T)
    positions = np.concatenate([[0.0], np.cumsum(lengths)])
    starts = np.arange(0, positions[-1], dash * 1.6)
    ends = np.minimum(starts + dash, positions[-1])
    place = [np.column_stack([np.interp(at, positions, axis) for axis in points.T]) for at in (starts, ends)]
    stitches: list[list[Point]] = np.stack(place, axis=1).tolist()
    return stitches


def _outline(points: Sequence[Point], draw: Callable[[ImageDraw.ImageDraw, list[Point]], None]) -> FloatArray:
    """Draw only around the points: small shapes are many, and the canvas is large."""
    xs, ys = zip(*points, strict=True)
    left, top = max(0, int(min(xs)) - 1), max(0, int(min(ys)) - 1)
    right, bottom = min(WIDTH, int(max(xs)) + 2), min(HEIGHT, int(max(ys)) + 2)
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    if left < right and top < bottom:
        drawing = Image.new("L", ((right - left) * _FINER, (bottom - top) * _FINER))
        moved = [((x - left) * _FINER, (y - top) * _FINER) for x, y in points]
        draw(ImageDraw.Draw(drawing), moved)
        mask[top:bottom, left:right] = np.asarray(drawing.reduce(_FINER), np.float32) / 255
    return mask

"""A garment for categories that have no drawing of their own: a tunic, whose cut belongs to the category's name."""

import numpy as np

from demo.drawing.canvas import (
    Colour,
    Layer,
    Point,
    Strip,
    X,
    Y,
    ellipse,
    polygon,
    smooth_curve,
    straight,
    strokes,
    wrinkles,
)
from demo.drawing.patterns import checks, motifs, plain, stripes
from demo.seeds import seeded_generator

_MIDDLE = 160.0
_SHOULDER_Y = 66.0
_PATTERNS = (plain, stripes(16, 4), checks(22, 3), motifs(26, 6, 5))


def draw_tunic(category: str, colour: Colour, rng: np.random.Generator) -> Layer:
    """Draw a tunic; length, width, sleeves and pattern are the same for all tunics of one category."""
    cut = seeded_generator("cut", category)
    hem_y, sleeve, flare = cut.uniform(200, 390), cut.uniform(40, 190), cut.uniform(52, 110)
    pattern = _PATTERNS[int(cut.integers(len(_PATTERNS)))]
    layer = Layer()
    base = np.array(colour, np.float32)
    folds = wrinkles(rng, (40, 26), 0.2) * (1 + 0.28 * pattern(Y + 0 * X, X - _MIDDLE + 0 * Y))
    for direction in (-1, 1):
        layer.paint(polygon(_sleeve(direction, sleeve, rng.uniform(22, 56))), base, folds * 0.9)
    half = smooth_curve((_SHOULDER_Y - 10, 30.0), (_SHOULDER_Y + 22, 57.0), (180.0, 52.0), (hem_y + 8, flare))
    body = Strip(Y, X - _MIDDLE, straight, half)
    shoulders = _SHOULDER_Y - 12 + 0.3 * np.abs(X - _MIDDLE)
    layer.paint(body.between(shoulders, hem_y), base, folds * body.round_light(0.22))
    layer.paint(ellipse((_MIDDLE, _SHOULDER_Y - 6), (19, 14)), base, 0.45)
    layer.shade(strokes([[(_MIDDLE, _SHOULDER_Y + 8), (_MIDDLE, _SHOULDER_Y + 70)]], 1.5), 0.6)
    return layer


def _sleeve(direction: int, length: float, spread: float) -> list[Point]:
    inner = [(44 + spread - 14, length + 6), (42, 62)]
    outer = [(30, -4), (58, 10), (46 + spread + 13, length)]
    return [(_MIDDLE + direction * across, _SHOULDER_Y + down) for across, down in (*outer, *inner)]

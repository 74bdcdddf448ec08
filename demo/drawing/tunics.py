"""A plain garment for categories that have no drawing of their own; each has its own cut."""

import numpy as np

from demo.drawing.canvas import Layer, Point, Strip, X, Y, ellipse, polygon, smooth_curve, strokes, wrinkles
from demo.drawing.patterns import checks, motifs, plain, stripes
from demo.seeds import seeded_generator

_MIDDLE = 160.0
_SHOULDER_Y = 62.0


def draw_tunic(category: str, colour: Point, rng: np.random.Generator) -> Layer:
    """Draw a garment with sleeves, whose length, width and pattern belong to the category's name."""
    cut = seeded_generator("cut", category)
    hem_y, sleeve, flare = cut.uniform(190, 390), cut.uniform(40, 190), cut.uniform(0.9, 1.9)
    pattern = (plain, stripes(16, 4), checks(22, 3), motifs(26, 6, 5))[cut.integers(4)]
    layer = Layer()
    base = np.array(colour, np.float32) * rng.uniform(0.9, 1.1)
    half = smooth_curve((_SHOULDER_Y - 6, 40.0), (_SHOULDER_Y + 20, 58.0), (180.0, 54.0), (hem_y + 8, 58 * flare))
    body = Strip(Y, X - _MIDDLE, np.zeros_like, half)
    cloth = base * (1 + 0.3 * pattern(Y, X - _MIDDLE))[..., None]
    light = wrinkles(rng, (40, 26), 0.25) * (1.03 - 0.2 * np.abs(body.side) ** 3)
    for direction in (-1, 1):
        shoulder, spread = (_MIDDLE + direction * 44, _SHOULDER_Y), direction * rng.uniform(26, 60)
        cuff = (shoulder[0] + spread, _SHOULDER_Y + sleeve)
        arm = [shoulder, (shoulder[0] + direction * 14, _SHOULDER_Y + 6), (cuff[0] + direction * 13, cuff[1])]
        layer.paint(polygon([*arm, (cuff[0] - direction * 15, cuff[1] + 6), (shoulder[0] - direction * 8, 130)]), cloth, light * 0.93)
    layer.paint(body.between(_SHOULDER_Y - np.abs(X - _MIDDLE) * -0.16 - 8, hem_y), cloth, light)
    layer.paint(ellipse((_MIDDLE, _SHOULDER_Y - 6), (20, 17)), base * 0.45)
    placket = [[(_MIDDLE, _SHOULDER_Y + 10), (_MIDDLE, _SHOULDER_Y + 70)]]
    layer.light(np.full_like(X, 0.6), strokes(placket, 1.5))
    return layer

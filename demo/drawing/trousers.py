"""Trousers: smooth cloth, pressed creases, pleats, slanting pockets and tonal seams."""

import numpy as np

from demo.drawing.canvas import FloatArray, Layer, Point, X, Y, ellipse, polygon, smooth_noise, strokes
from demo.drawing.legwear import (
    MIDDLE,
    Cut,
    Leg,
    arc,
    choose_cut,
    cover_waist,
    dress_body,
    leg_light,
    make_legs,
    seam,
    waistband,
)
from demo.drawing.patterns import Pattern, checks, plain, stripes

_BAND = 13.0
_BELTS = ((44, 32, 26), (98, 62, 38), (28, 28, 30))


def draw_trousers(colour: Point, rng: np.random.Generator) -> Layer:
    """Draw a pair of trousers in a colour of three values 0..255, seen from the front or from behind."""
    layer = Layer()
    base = np.array(colour, np.float32)
    cut = choose_cut(rng, (18, 40))
    legs = make_legs(cut)
    shown = dress_body(layer, cut, legs, rng)
    pattern = _pattern(rng)
    contrast = rng.uniform(0.14, 0.34) * (-1 if base.mean() > 120 else 1)  # noqa: PLR2004
    weave = 1 + 0.02 * smooth_noise(rng, (1.5, 1.5)) + 0.02 * smooth_noise(rng, (3, 30))
    for leg in legs:
        lines = pattern(Y, leg.strip.side * leg.strip.half)
        cloth = base * (weave * (1 + contrast * lines))[..., None]
        layer.paint(leg.mask, cloth, leg_light(cut, leg, rng))
    if rng.random() < 0.7:  # noqa: PLR2004 - casual trousers are not pressed
        _press(layer, cut, legs)
    layer.light(np.full_like(X, 0.8), strokes([seam(leg, cut, 0.97, cut.waist_y + _BAND) for leg in legs], 1.2))
    layer.paint(waistband(cut, _BAND), base, weave * 0.97)
    _mark_band(layer, cut)
    if rng.random() < 0.2:  # noqa: PLR2004
        _back(layer, cut)
    else:
        _front(layer, cut, pleated=rng.random() < 0.5)  # noqa: PLR2004
    if rng.random() < 0.35:  # noqa: PLR2004
        _belt(layer, cut, np.array(rng.choice(_BELTS), np.float32))
    cover_waist(layer, cut, shown, rng)
    return layer


def _pattern(rng: np.random.Generator) -> Pattern:
    kind = rng.choice(3, p=(0.66, 0.16, 0.18))
    return (plain, stripes(rng.uniform(7, 12), 1.0), checks(rng.uniform(13, 22), 1.2))[kind]


def _press(layer: Layer, cut: Cut, legs: tuple[Leg, Leg]) -> None:
    """Press a crease down the middle of each leg."""
    creases = [seam(leg, cut, -0.05, cut.crotch_y - 30) for leg in legs]
    layer.light(np.full_like(X, 1.22), strokes(creases, 1.6))
    layer.light(np.full_like(X, 0.78), strokes([[(x + 2, y) for x, y in line] for line in creases], 1.8))


def _mark_band(layer: Layer, cut: Cut) -> None:
    across = np.linspace(MIDDLE - cut.waist_half + 1, MIDDLE + cut.waist_half - 1, 14)
    lines = [[(float(x), float(cut.waist_at(x)) + _BAND) for x in across]]
    for part in (-0.62, 0.62):
        x = MIDDLE + part * cut.waist_half
        lines += [[(x + edge, cut.waist_y), (x + edge, cut.waist_y + _BAND + 5)] for edge in (-2.0, 2.0)]
    layer.light(np.full_like(X, 0.66), strokes(lines, 1.0))


def _front(layer: Layer, cut: Cut, pleated: bool) -> None:
    """Add slanting pockets, the fly, and pleats where the cut has them."""
    top = cut.waist_y + _BAND + 2
    dark: list[list[Point]] = []
    for direction in (-1, 1):
        start = (MIDDLE + direction * cut.waist_half * 0.74, top)
        dark.append([start, (MIDDLE + direction * (cut.side_at(top + 52) - 1), top + 52)])
        for part in (0.36, 0.52) if pleated else ():
            x = MIDDLE + direction * cut.waist_half * part
            dark.append([(x, top), (x + direction * 2, top + 30)])
    dark.append([(MIDDLE, top), (MIDDLE, cut.crotch_y)])
    fly = [(MIDDLE + 11, top), (MIDDLE + 11, top + 34)]
    layer.light(np.full_like(X, 0.58), strokes(dark, 1.5))
    layer.light(np.full_like(X, 1.16), strokes([[(x - 2, y + 1) for x, y in line] for line in dark[:-1]], 1.2))
    layer.light(np.full_like(X, 0.82), strokes([fly, arc(fly[1], (MIDDLE, top + 50), (MIDDLE + 10, top + 48))], 1.0))
    layer.light(np.full_like(X, 0.6), ellipse((MIDDLE + 6, cut.waist_y + 10), (2.4, 2.4)))


def _back(layer: Layer, cut: Cut) -> None:
    """Add two slit pockets with buttons and the darts above them."""
    y = cut.waist_y + _BAND + 30
    slits: list[list[Point]] = [[(MIDDLE, cut.waist_y + _BAND), (MIDDLE, cut.crotch_y)]]
    for direction in (-1, 1):
        x = MIDDLE + direction * cut.hip_half * 0.52
        slits += [[(x - 18, y), (x + 18, y)], [(x - 18, y + 4), (x + 18, y + 4)], [(x, y - 26), (x, y)]]
        layer.light(np.full_like(X, 0.5), ellipse((x, y + 9), (2.2, 2.2)))
    layer.light(np.full_like(X, 0.6), strokes(slits, 1.3))


def _belt(layer: Layer, cut: Cut, leather: FloatArray) -> None:
    layer.paint(waistband(cut, _BAND - 3), leather, 1 + 0.1 * np.sin(Y))
    y = cut.waist_y + 9
    buckle = [(MIDDLE - 9, y - 7), (MIDDLE + 9, y - 7), (MIDDLE + 9, y + 7), (MIDDLE - 9, y + 7)]
    layer.paint(polygon(buckle), (186, 180, 166))
    layer.paint(polygon([(x * 0.7 + MIDDLE * 0.3, z * 0.7 + y * 0.3) for x, z in buckle]), leather)

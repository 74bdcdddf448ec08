"""Trousers: smooth cloth, pressed creases, pleats, slanting pockets and seams in the cloth's own colour."""

import numpy as np

from demo.drawing.canvas import (
    Colour,
    FloatArray,
    Layer,
    Point,
    X,
    Y,
    choose_colour,
    ellipse,
    happens,
    polygon,
    smooth_noise,
    strokes,
)
from demo.drawing.legwear import MIDDLE, Cut, Leg, arc, choose_cut, make_legs, waistband
from demo.drawing.patterns import Pattern, checks, plain, stripes
from demo.drawing.wearer import choose_shown, paint_behind, paint_over

_BAND = 13.0
_BELTS = ((44, 32, 26), (98, 62, 38), (28, 28, 30))
_BUCKLE: Colour = (186, 180, 166)
_LIGHT_CLOTH = 120


def draw_trousers(colour: Colour, rng: np.random.Generator) -> Layer:
    """Draw a pair of trousers, seen from the front or from behind."""
    layer = Layer()
    base = np.array(colour, np.float32)
    cut = choose_cut(rng, 18, 40)
    legs = make_legs(cut)
    shown = choose_shown(rng)
    paint_behind(layer, legs, shown, rng)
    _paint_cloth(layer, legs, base, rng)
    if happens(rng, 0.7):
        _press(layer, legs)
    layer.shade(strokes([leg.seam(0.97, cut.waist_y + _BAND) for leg in legs], 1.2), 0.8)
    layer.paint(waistband(cut, _BAND), base, 0.97)
    _mark_band(layer, cut)
    if happens(rng, 0.2):
        _sew_back(layer, cut)
    else:
        _sew_front(layer, cut, pleated=happens(rng, 0.5))
    if happens(rng, 0.35):
        _add_belt(layer, cut, choose_colour(rng, _BELTS))
    paint_over(layer, cut, shown, rng)
    return layer


def _paint_cloth(layer: Layer, legs: tuple[Leg, Leg], base: FloatArray, rng: np.random.Generator) -> None:
    pattern = _choose_pattern(rng)
    contrast = rng.uniform(0.14, 0.34) * (-1 if base.mean() > _LIGHT_CLOTH else 1)
    weave = 1 + 0.02 * smooth_noise(rng, (1.5, 1.5)) + 0.02 * smooth_noise(rng, (3, 30))
    for leg in legs:
        lines = pattern(Y, (leg.strip.side + 1) * leg.cut.knee_half)
        layer.paint(leg.mask, base, leg.light(rng) * weave * (1 + contrast * lines))


def _choose_pattern(rng: np.random.Generator) -> Pattern:
    if happens(rng, 0.66):
        return plain
    return stripes(rng.uniform(7, 12), 1.0) if happens(rng, 0.5) else checks(rng.uniform(13, 22), 1.2)


def _press(layer: Layer, legs: tuple[Leg, Leg]) -> None:
    """Press a crease down the middle of each leg."""
    creases = [leg.seam(-0.05, leg.cut.crotch_y - 30) for leg in legs]
    layer.shade(strokes(creases, 1.6), 1.22)
    layer.shade(strokes([_moved(crease, 2, 0) for crease in creases], 1.8), 0.78)


def _mark_band(layer: Layer, cut: Cut) -> None:
    """Draw the waistband's lower edge and two belt loops."""
    lines = [cut.waist_line(_BAND)]
    for part in (-0.62, 0.62):
        x = MIDDLE + part * cut.waist_half
        lines += [[(x + edge, cut.waist_y), (x + edge, cut.waist_y + _BAND + 5)] for edge in (-2.0, 2.0)]
    layer.shade(strokes(lines, 1.0), 0.66)


def _sew_front(layer: Layer, cut: Cut, *, pleated: bool) -> None:
    """Add slanting pockets, the fly, and pleats where the cut has them."""
    top = cut.waist_y + _BAND + 2
    openings: list[list[Point]] = []
    for direction in (-1, 1):
        start = (MIDDLE + direction * cut.waist_half * 0.74, top)
        openings.append([start, (MIDDLE + direction * (cut.side_at(top + 52) - 1), top + 52)])
        for part in (0.36, 0.52) if pleated else ():
            x = MIDDLE + direction * cut.waist_half * part
            openings.append([(x, top), (x + direction * 2, top + 30)])
    fly_end = (MIDDLE + 11, top + 34)
    fly = [(MIDDLE + 11, top), fly_end, *arc(fly_end, (MIDDLE, top + 50), (MIDDLE + 10, top + 48))]
    layer.shade(strokes([*openings, [(MIDDLE, top), (MIDDLE, cut.crotch_y)]], 1.5), 0.58)
    layer.shade(strokes([_moved(opening, -2, 1) for opening in openings], 1.2), 1.16)
    layer.shade(strokes([fly], 1.0), 0.82)
    layer.shade(ellipse((MIDDLE + 6, cut.waist_y + 10), (2.4, 2.4)), 0.6)


def _sew_back(layer: Layer, cut: Cut) -> None:
    """Add two slit pockets with buttons and the darts above them."""
    y = cut.waist_y + _BAND + 30
    slits: list[list[Point]] = [[(MIDDLE, cut.waist_y + _BAND), (MIDDLE, cut.crotch_y)]]
    for direction in (-1, 1):
        x = MIDDLE + direction * cut.hip_half * 0.52
        slits += [[(x - 18, y), (x + 18, y)], [(x - 18, y + 4), (x + 18, y + 4)], [(x, y - 26), (x, y)]]
        layer.shade(ellipse((x, y + 9), (2.2, 2.2)), 0.5)
    layer.shade(strokes(slits, 1.3), 0.6)


def _add_belt(layer: Layer, cut: Cut, leather: FloatArray) -> None:
    layer.paint(waistband(cut, _BAND - 3), leather, 1 + 0.1 * np.sin(X / 3))
    y = cut.waist_y + 9
    for half_width, half_height, colour in ((9, 7, _BUCKLE), (6, 4, leather)):
        corners = [(-half_width, -half_height), (half_width, -half_height), (half_width, half_height)]
        corners.append((-half_width, half_height))
        layer.paint(polygon([(MIDDLE + right, y + down) for right, down in corners]), colour)


def _moved(line: list[Point], right: float, down: float) -> list[Point]:
    return [(x + right, y + down) for x, y in line]

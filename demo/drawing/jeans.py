"""Jeans: denim, fades, contrast stitching, patch pockets, rivets and a metal button."""

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
    soft_step,
    strokes,
)
from demo.drawing.legwear import MIDDLE, Cut, Leg, arc, choose_cut, make_legs, waistband
from demo.drawing.wearer import choose_shown, paint_behind, paint_over

_BAND = 15.0
_DASH = 3.0
_THREADS = ((206, 150, 84), (190, 136, 72), (222, 190, 140), (214, 204, 184))
_METALS = ((196, 150, 98), (172, 172, 176), (138, 100, 66))
_WASHED = np.array((214, 220, 228), np.float32)
_SKIN: Colour = (186, 148, 122)
_LEATHER: Colour = (150, 98, 58)


def draw_jeans(colour: Colour, rng: np.random.Generator) -> Layer:
    """Draw a pair of jeans, seen from the front or from behind."""
    layer = Layer()
    base = np.array(colour, np.float32)
    cut = choose_cut(rng, 16, 34)
    legs = make_legs(cut)
    shown = choose_shown(rng)
    paint_behind(layer, legs, shown, rng)
    denim = _denim(base, cut, rng)
    for leg in legs:
        layer.paint(leg.mask, denim, leg.light(rng))
    _wear_out(layer, legs, rng)
    layer.paint(waistband(cut, _BAND), denim, 0.94)
    # A quarter is sewn in the cloth's own colour and looks much like trousers.
    thread = base * 0.72 if happens(rng, 0.25) else choose_colour(rng, _THREADS)
    _sew(layer, legs, thread)
    if happens(rng, 0.25):
        _sew_back(layer, cut, thread, base)
    else:
        _sew_front(layer, cut, thread, choose_colour(rng, _METALS))
    _add_loops(layer, cut, base)
    if happens(rng, 0.2):
        _turn_up(layer, legs, base)
    paint_over(layer, cut, shown, rng)
    return layer


def _denim(base: FloatArray, cut: Cut, rng: np.random.Generator) -> FloatArray:
    """Give the colour of every pixel: twill lines, uneven yarn and thighs faded by washing."""
    twill = 0.05 * np.sin((X + Y) * 2.1)
    yarn = 0.08 * smooth_noise(rng, (1.6, 26)) + 0.06 * smooth_noise(rng, (2.5, 2.5))
    down = np.exp(-(((Y - cut.crotch_y - 22) / 70) ** 2))
    across = sum(
        np.exp(-(((X - MIDDLE - direction * apart) / 17) ** 2))
        for direction, apart in zip((-1, 1), cut.knee_apart, strict=True)
    )
    fade = (
        across
        * down
        * rng.uniform(0.2, 1.0)
        * rng.uniform(0.15, 0.6)
        * (1 + 0.3 * smooth_noise(rng, (20, 40)))
    )
    denim: FloatArray = (base + (_WASHED - base) * fade[..., None]) * (1 + twill + yarn)[..., None]
    return denim


def _wear_out(layer: Layer, legs: tuple[Leg, Leg], rng: np.random.Generator) -> None:
    """Bleach whiskers at the hips, and tear a few pairs at the knees."""
    cut = legs[0].cut
    whiskers = []
    for direction in (-1, 1):
        for y in (cut.hip_y - 4 + 10 * number for number in range(4)):
            start, end = MIDDLE + direction * (cut.hip_half - 6), MIDDLE + direction * 12
            whiskers.append(arc((start, y - 6), (end, y + 9), (MIDDLE + direction * 34, y + 5)))
    layer.shade(strokes(whiskers, 3.5), 1 + rng.uniform(0, 0.22))
    if happens(rng, 0.15):
        for leg in legs:
            x, y = leg.knee
            y += rng.uniform(-22, 12)
            layer.paint(ellipse((x, y), (13, 6)), _SKIN, 0.9)
            layer.paint(strokes([[(x - 12, y + gap), (x + 12, y + gap)] for gap in (-3, 0, 3)], 1.0), _WASHED)


def _sew(layer: Layer, legs: tuple[Leg, Leg], thread: FloatArray) -> None:
    """Sew waistband, side seams and hems."""
    cut = legs[0].cut
    below = cut.waist_y + _BAND
    seams = [leg.seam(0.97, below) for leg in legs] + [leg.seam(-0.96, cut.crotch_y + 6) for leg in legs]
    layer.shade(strokes(seams, 1.6), 0.72)
    stitches = [cut.waist_line(3), cut.waist_line(_BAND - 3)]
    for leg in legs:
        x, y = leg.hem
        stitches.append([(x - cut.hem_half + 2, y - 7), (x + cut.hem_half - 2, y - 7)])
        stitches.append(leg.seam(0.88, below + 44))
    layer.paint(strokes(stitches, 1.0, _DASH) * 0.9, thread)


def _sew_front(layer: Layer, cut: Cut, thread: FloatArray, metal: FloatArray) -> None:
    """Add curved pockets with rivets, a coin pocket, the fly and its button."""
    top = cut.waist_y + _BAND + 2
    openings: list[list[Point]] = [[(MIDDLE, top), (MIDDLE, cut.crotch_y)]]
    stitches: list[list[Point]] = []
    rivets: list[Point] = []
    for direction in (-1, 1):
        start = (MIDDLE + direction * cut.waist_half * 0.5, top)
        end = (MIDDLE + direction * (cut.side_at(top + 34) - 2), top + 34)
        pocket = arc(start, end, (MIDDLE + direction * cut.waist_half * 0.52, top + 32))
        openings.append(pocket)
        stitches += [[(x - direction * gap, y + gap) for x, y in pocket] for gap in (2.2, 4.8)]
        rivets += [start, end]
    coin_x = MIDDLE + cut.waist_half * 0.66
    stitches.append([(coin_x - 3, top + 12), (coin_x + 15, top + 13)])
    fly_end = (MIDDLE + 13, top + 38)
    fly = [(MIDDLE + 13, top), fly_end, *arc(fly_end, (MIDDLE, top + 56), (MIDDLE + 12, top + 54))]
    stitches += [fly, [(x - 3, y - 2) for x, y in fly]]
    layer.shade(strokes(openings, 1.5), 0.55)
    layer.paint(strokes(stitches, 1.0, _DASH), thread)
    for rivet in rivets:
        layer.paint(ellipse(rivet, (2.2, 2.2)), metal)
    layer.paint(ellipse((MIDDLE + 2, cut.waist_y + 11), (5, 5)), metal, 0.7)
    layer.paint(ellipse((MIDDLE + 1.4, cut.waist_y + 10.4), (3.6, 3.6)), metal, 1.15)


def _sew_back(layer: Layer, cut: Cut, thread: FloatArray, base: FloatArray) -> None:
    """Add the yoke, two patch pockets with their bows and a leather label."""
    top = cut.waist_y + _BAND
    yoke_y = top + 24
    side = cut.side_at(top + 12)
    yoke = [(MIDDLE - side, top + 12), (MIDDLE, yoke_y), (MIDDLE + side, top + 12)]
    stitches = [yoke, [(x, y + 3) for x, y in yoke]]
    for direction in (-1, 1):
        x, y = MIDDLE + direction * cut.hip_half * 0.5, yoke_y + 8
        pocket = [(x - 18, y), (x + 18, y), (x + 16, y + 34), (x, y + 42), (x - 16, y + 34), (x - 18, y)]
        layer.paint(polygon(pocket) * 0.8, base, 1.05)
        left_bow = arc((x - 15, y + 12), (x, y + 17), (x - 7, y + 22))
        right_bow = arc((x, y + 17), (x + 15, y + 12), (x + 7, y + 22))
        stitches += [pocket, left_bow, right_bow]
    layer.shade(strokes([[(MIDDLE, yoke_y), (MIDDLE, cut.crotch_y)]], 1.6), 0.6)
    layer.paint(strokes(stitches, 1.0, _DASH), thread)
    x, y = MIDDLE + 20, cut.waist_y + 4
    layer.paint(polygon([(x, y + 1), (x + 24, y), (x + 24, y + 13), (x, y + 14)]), _LEATHER)


def _add_loops(layer: Layer, cut: Cut, base: FloatArray) -> None:
    for part in (-0.72, -0.34, 0.34, 0.72):
        x = MIDDLE + part * cut.waist_half
        y = cut.waist_at(x)
        layer.paint(polygon([(x - 3, y - 1), (x + 3, y - 1), (x + 3, y + 18), (x - 3, y + 18)]), base, 1.12)
        layer.shade(polygon([(x + 3, y), (x + 4.5, y), (x + 4.5, y + 18), (x + 3, y + 18)]), 0.7)


def _turn_up(layer: Layer, legs: tuple[Leg, Leg], base: FloatArray) -> None:
    inside = base + (_WASHED - base) * 0.6
    for leg in legs:
        layer.paint(leg.mask * soft_step(Y - leg.cut.hem_y + 16), inside, leg.strip.round_light(0.18))

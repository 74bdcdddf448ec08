"""Jeans: denim, fades, contrast stitching, patch pockets, rivets and a metal button."""

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

_BAND = 15.0
_THREADS = ((206, 150, 84), (190, 136, 72), (222, 190, 140), (214, 204, 184))
_METALS = ((196, 150, 98), (172, 172, 176), (138, 100, 66))


def draw_jeans(colour: Point, rng: np.random.Generator) -> Layer:
    """Draw a pair of jeans in a colour of three values 0..255, seen from the front or from behind."""
    layer = Layer()
    base = np.array(colour, np.float32)
    cut = choose_cut(rng, (16, 34))
    legs = make_legs(cut)
    shown = dress_body(layer, cut, legs, rng)
    denim = _denim(base, cut, rng)
    for leg in legs:
        layer.paint(leg.mask, denim, leg_light(cut, leg, rng))
    _wear(layer, cut, legs, rng)
    band = waistband(cut, _BAND)
    layer.paint(band, denim, 0.94)
    # A quarter is sewn in the cloth's own colour and looks much like trousers.
    tonal = rng.random() < 0.25  # noqa: PLR2004
    thread = base * 0.72 if tonal else np.array(rng.choice(_THREADS), np.float32)
    _stitch(layer, cut, legs, thread)
    if rng.random() < 0.25:  # noqa: PLR2004
        _back(layer, cut, thread, base)
    else:
        _front(layer, cut, thread, np.array(rng.choice(_METALS), np.float32))
    _belt_loops(layer, cut, base)
    if rng.random() < 0.2:  # noqa: PLR2004
        _turn_up(layer, cut, legs, base)
    cover_waist(layer, cut, shown, rng)
    return layer


def _denim(base: FloatArray, cut: Cut, rng: np.random.Generator) -> FloatArray:
    """Return the colour of every pixel: twill lines, uneven yarn and thighs faded by washing."""
    twill = 0.05 * np.sin((X + Y) * 2.1)
    yarn = 0.07 * smooth_noise(rng, (1.6, 26)) + 0.05 * smooth_noise(rng, (2.5, 2.5))
    washed = base + (np.array((214, 220, 228), np.float32) - base) * rng.uniform(0.15, 0.6)
    fade = np.zeros_like(X)
    for direction, apart in zip((-1, 1), cut.knee_apart, strict=True):
        centre = MIDDLE + direction * (apart * 0.95)
        fade += np.exp(-(((X - centre) / 17) ** 2) - ((Y - cut.crotch_y - 22) / 70) ** 2)
    fade = np.clip(fade * rng.uniform(0.2, 1.0) * (1 + 0.3 * smooth_noise(rng, (20, 40))), 0, 1)
    colour = base + (washed - base) * fade[..., None]
    return (colour * (1 + twill + yarn)[..., None]).astype(np.float32)


def _wear(layer: Layer, cut: Cut, legs: tuple[Leg, Leg], rng: np.random.Generator) -> None:
    """Bleach whiskers at the hips, and tear a few pairs at the knees."""
    strength = rng.uniform(0, 0.22)
    lines = []
    for direction in (-1, 1):
        for number in range(4):
            y = cut.hip_y - 4 + number * 10
            start = (MIDDLE + direction * (cut.hip_half - 6), y - 6)
            lines.append(arc(start, (MIDDLE + direction * 12, y + 9), (MIDDLE + direction * 34, y + 5)))
    layer.light(np.full_like(X, 1 + strength), strokes(lines, 3.5))
    if rng.random() < 0.15:  # noqa: PLR2004
        for leg in legs:
            x, y = leg.knee
            y += rng.uniform(-22, 12)
            layer.paint(ellipse((x, y), (13, 6)), (186, 148, 122), 0.9)
            threads = [[(x - 12, y + step), (x + 12, y + step + rng.uniform(-1, 1))] for step in (-3, 0, 3)]
            layer.paint(strokes(threads, 1.0), (228, 230, 232))


def _stitch(layer: Layer, cut: Cut, legs: tuple[Leg, Leg], thread: FloatArray) -> None:
    """Sew waistband, side seams and hems."""
    across = np.linspace(MIDDLE - cut.waist_half + 2, MIDDLE + cut.waist_half - 2, 14)
    lines = [[(float(x), float(cut.waist_at(x)) + drop) for x in across] for drop in (3, _BAND - 3)]
    seams = [seam(leg, cut, 0.97, cut.waist_y + _BAND) for leg in legs]
    seams += [seam(leg, cut, -0.96, cut.crotch_y + 6) for leg in legs]
    layer.light(np.full_like(X, 0.72), strokes(seams, 1.6))
    for leg in legs:
        x, y = leg.centre
        lines.append([(x - cut.hem_half + 2, y - 7), (x + cut.hem_half - 2, y - 7)])
        lines.append(seam(leg, cut, 0.88, cut.waist_y + _BAND + 44))
    layer.paint(strokes(lines, 1.0, dash=3.0) * 0.9, thread)


def _front(layer: Layer, cut: Cut, thread: FloatArray, metal: FloatArray) -> None:
    """Add curved pockets with rivets, a coin pocket, the fly and its button."""
    top = cut.waist_y + _BAND + 2
    pockets, dark, rivets = [], [], []
    for direction in (-1, 1):
        start = (MIDDLE + direction * cut.waist_half * 0.5, top)
        end = (MIDDLE + direction * (cut.side_at(top + 34) - 2), top + 34)
        pull = (MIDDLE + direction * cut.waist_half * 0.52, top + 32)
        dark.append(arc(start, end, pull))
        pockets += [[(x - direction * gap, y + gap) for x, y in arc(start, end, pull)] for gap in (2.2, 4.8)]
        rivets += [start, end]
    coin_x = MIDDLE + cut.waist_half * 0.66
    pockets.append([(coin_x - 3, top + 12), (coin_x + 15, top + 13)])
    fly = [(MIDDLE + 13.0, top), (MIDDLE + 13.0, top + 38), *arc((MIDDLE + 13, top + 38), (MIDDLE, top + 56), (MIDDLE + 12, top + 54))]
    inner_fly = [(x - 3, y - 2) for x, y in fly]
    layer.light(np.full_like(X, 0.55), strokes([*dark, [(MIDDLE, top), (MIDDLE, cut.crotch_y)]], 1.5))
    layer.paint(strokes([*pockets, fly, inner_fly], 1.0, dash=3.0), thread)
    for x, y in rivets:
        layer.paint(ellipse((x, y), (2.2, 2.2)), metal)
    layer.paint(ellipse((MIDDLE + 2, cut.waist_y + 11), (5, 5)), metal * 0.7)
    layer.paint(ellipse((MIDDLE + 1.4, cut.waist_y + 10.4), (3.6, 3.6)), metal * 1.15)


def _back(layer: Layer, cut: Cut, thread: FloatArray, base: FloatArray) -> None:
    """Add the yoke, two patch pockets with their bows and a leather label."""
    top = cut.waist_y + _BAND
    yoke_y = top + 24
    side = cut.side_at(top + 12)
    yoke = [(MIDDLE - side, top + 12), (MIDDLE, yoke_y), (MIDDLE + side, top + 12)]
    lines = [[(x, y + gap) for x, y in yoke] for gap in (0, 3)]
    for direction in (-1, 1):
        x, y = MIDDLE + direction * cut.hip_half * 0.5, yoke_y + 8
        pocket = [(x - 18, y), (x + 18, y), (x + 16, y + 34), (x, y + 42), (x - 16, y + 34), (x - 18, y)]
        layer.paint(polygon(pocket) * 0.8, base, 1.05)
        lines += [pocket, arc((x - 15, y + 12), (x, y + 17), (x - 7, y + 22)), arc((x, y + 17), (x + 15, y + 12), (x + 7, y + 22))]
    layer.light(np.full_like(X, 0.6), strokes([[(MIDDLE, yoke_y), (MIDDLE, cut.crotch_y)]], 1.6))
    layer.paint(strokes(lines, 1.0, dash=3.0), thread)
    label = [(MIDDLE + 20, cut.waist_y + 5), (MIDDLE + 44, cut.waist_y + 4), (MIDDLE + 44, cut.waist_y + 17), (MIDDLE + 20, cut.waist_y + 18)]
    layer.paint(polygon(label), (150, 98, 58))


def _belt_loops(layer: Layer, cut: Cut, base: FloatArray) -> None:
    for part in (-0.72, -0.34, 0.34, 0.72):
        x = MIDDLE + part * cut.waist_half
        y = float(cut.waist_at(x))
        layer.paint(polygon([(x - 3, y - 1), (x + 3, y - 1), (x + 3, y + 18), (x - 3, y + 18)]), base, 1.12)
        layer.light(np.full_like(X, 0.7), strokes([[(x + 3.5, y), (x + 3.5, y + 18)]], 1.0))


def _turn_up(layer: Layer, cut: Cut, legs: tuple[Leg, Leg], base: FloatArray) -> None:
    inside = base + (np.array((226, 228, 230), np.float32) - base) * 0.6
    for leg in legs:
        mask = leg.mask * np.clip(Y - cut.hem_y + 17, 0, 1)
        layer.paint(mask, inside, 1.02 - 0.18 * np.abs(leg.strip.side) ** 3)

"""How jeans and trousers are shown: worn, laid flat or hung, in the same shares for both."""

from enum import IntEnum

import numpy as np

from demo.drawing.canvas import (
    Colour,
    FloatArray,
    Layer,
    Strip,
    X,
    Y,
    choose_colour,
    ellipse,
    happens,
    polygon,
    smooth_curve,
    soft_step,
    straight,
    wrinkles,
)
from demo.drawing.legwear import MIDDLE, Cut, Leg

_SHIRTS = ((238, 238, 236), (60, 70, 96), (150, 168, 190), (196, 120, 104), (44, 44, 48), (128, 140, 112))
_SHOES = ((40, 34, 32), (112, 74, 48), (225, 222, 218), (66, 70, 80))
_SKINS = ((226, 186, 152), (198, 148, 110), (154, 104, 74), (112, 74, 54), (214, 210, 204))
_SHARES = (0.5, 0.35, 0.15)
_STEEL: Colour = (154, 154, 158)
_CLIP: Colour = (70, 70, 74)


class Shown(IntEnum):
    """The ways of showing legwear."""

    WORN = 0
    FLAT = 1
    HUNG = 2


def choose_shown(rng: np.random.Generator) -> Shown:
    """Choose a way of showing legwear."""
    return Shown(int(rng.choice(len(Shown), p=_SHARES)))


def paint_behind(layer: Layer, legs: tuple[Leg, Leg], shown: Shown, rng: np.random.Generator) -> None:
    """Paint what lies behind the garment: feet and a torso, or a hanger."""
    if shown is Shown.WORN:
        skin, shoe = choose_colour(rng, _SKINS), choose_colour(rng, _SHOES)
        for leg in legs:
            _paint_foot(layer, leg, skin, shoe)
        cut = legs[0].cut
        layer.paint(_torso(cut).between(-100.0, cut.waist_y + 24), *_shirt(cut, rng))
    elif shown is Shown.HUNG:
        _paint_hanger(layer, legs[0].cut)


def paint_over(layer: Layer, cut: Cut, shown: Shown, rng: np.random.Generator) -> None:
    """Let a shirt hang over the waist of nearly every second garment that is worn."""
    if shown is Shown.WORN and happens(rng, 0.45):
        edge = cut.waist_y + rng.uniform(14, 44) + 5 * np.cos((X - MIDDLE) / 22)
        shirt = _torso(cut).between(-100.0, edge)
        layer.cast_shadow(shirt * soft_step(Y - cut.waist_y), 5, 0)
        layer.paint(shirt, *_shirt(cut, rng))


def _paint_foot(layer: Layer, leg: Leg, skin: FloatArray, shoe: FloatArray) -> None:
    x, y = leg.hem
    layer.paint(polygon([(x - 9, y - 12), (x + 9, y - 12), (x + 8, y + 10), (x - 8, y + 10)]), skin, 0.92)
    toe = x + 5 * leg.direction
    layer.paint(ellipse((toe, y + 9), (14, 8)), shoe)
    layer.paint(ellipse((toe, y + 14), (15, 3)), shoe, 0.6)


def _paint_hanger(layer: Layer, cut: Cut) -> None:
    top = cut.waist_y - 16
    layer.paint(polygon([(78, top), (242, top), (242, top + 5), (78, top + 5)]), _STEEL)
    layer.paint(polygon([(158, 0), (162, 0), (162, top), (158, top)]), _STEEL, 1.1)
    for x in (MIDDLE - cut.waist_half * 0.7, MIDDLE + cut.waist_half * 0.7):
        layer.paint(polygon([(x - 5, top), (x + 5, top), (x + 7, top + 26), (x - 7, top + 26)]), _CLIP)


def _torso(cut: Cut) -> Strip:
    half = smooth_curve(
        (-60.0, cut.waist_half + 14), (cut.waist_y, cut.waist_half + 3), (cut.waist_y + 60, cut.hip_half + 5)
    )
    return Strip(Y, X - MIDDLE, straight, half)


def _shirt(cut: Cut, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Give a shirt's colour and the light on it."""
    return choose_colour(rng, _SHIRTS), wrinkles(rng, (26, 40), 0.14) * _torso(cut).round_light(0.2)

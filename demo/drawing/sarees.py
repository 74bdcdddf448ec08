"""Sarees: draped on a figure, folded, or hung over a rail."""

import numpy as np

from demo.drawing.canvas import (
    HEIGHT,
    Colour,
    FloatArray,
    Layer,
    Point,
    Strip,
    X,
    Y,
    choose_colour,
    ellipse,
    gather,
    happens,
    pixels_of,
    polygon,
    smooth_curve,
    soft_step,
    straight,
    strokes,
    wrinkles,
)
from demo.drawing.weaves import Weave, choose_weave

_MIDDLE = 160.0
_SKINS = ((226, 186, 152), (198, 148, 110), (154, 104, 74), (112, 74, 54))
_HAIRS = ((34, 26, 24), (52, 38, 32), (24, 22, 24))
_MANNEQUINS = ((206, 200, 192), (176, 140, 104), (92, 92, 96))
_BANGLE: Colour = (206, 164, 78)
_RAIL: Colour = (120, 92, 66)
_HIP: Point = (118.0, 214.0)
_SHOULDER: Point = (197.0, 78.0)


def draw_saree(colour: Colour, rng: np.random.Generator) -> Layer:
    """Draw a saree in one of three ways of showing it."""
    weave = choose_weave(np.array(colour, np.float32), rng)
    layer = Layer()
    show = (_drape, _fold, _hang)[int(rng.choice(3, p=(0.68, 0.18, 0.14)))]
    show(layer, weave, rng)
    return layer


def _drape(layer: Layer, weave: Weave, rng: np.random.Generator) -> None:
    """Dress a figure: pleats in front, the pallu over one shoulder."""
    # Those that are no persons are mannequins, bald and of one colour.
    person = happens(rng, 0.6)
    skin = choose_colour(rng, _SKINS if person else _MANNEQUINS)
    hair = choose_colour(rng, _HAIRS) if person else skin * np.float32(0.9)
    blouse = weave.border if happens(rng, 0.7) else weave.gold
    _paint_pallu(layer, weave, rng)
    _paint_figure(layer, skin, hair)
    _paint_arms(layer, skin, blouse, rng)
    _paint_blouse(layer, skin, blouse)
    _paint_skirt(layer, weave, rng)
    _paint_sash(layer, weave, rng)


def _paint_figure(layer: Layer, skin: FloatArray, hair: FloatArray) -> None:
    layer.paint(ellipse((_MIDDLE, 34), (23, 24)), hair)
    layer.paint(ellipse((_MIDDLE - 20, 46), (11, 12)), hair)
    layer.paint(polygon([(150, 50), (170, 50), (172, 86), (148, 86)]), skin, 0.9)
    layer.paint(ellipse((_MIDDLE, 41), (17, 22)), skin)
    layer.paint(polygon([(144, 34), (160, 20), (176, 34), (172, 24), (160, 15), (148, 24)]), hair)
    waist = Strip(Y, X - _MIDDLE, straight, smooth_curve((140.0, 34.0), (176.0, 28.0), (210.0, 38.0)))
    layer.paint(waist.between(146, 208), skin, waist.round_light(0.25))


def _paint_arms(layer: Layer, skin: FloatArray, blouse: FloatArray, rng: np.random.Generator) -> None:
    width = smooth_curve((80.0, 11.0), (110.0, 10.0), (200.0, 7.0), (222.0, 6.0), (240.0, 5.0))
    for direction in (-1, 1):
        bend = rng.uniform(10, 34)
        elbow, wrist = 44 + bend, rng.uniform(44, 60 + bend)
        apart = smooth_curve((80.0, 38.0), (150.0, elbow), (222.0, wrist), (240.0, wrist))
        across = (X - _MIDDLE) * direction
        arm = Strip(Y, across, apart, width)
        layer.paint(arm.between(84, 236), skin, arm.round_light(0.25))
        layer.paint(arm.between(205, 213), _BANGLE, arm.round_light(0.25))
        sleeve = Strip(Y, across, apart, lambda at: width(at) + 2)
        layer.paint(sleeve.between(80, 116 + 0.1 * across), blouse, sleeve.round_light(0.25))


def _paint_blouse(layer: Layer, skin: FloatArray, blouse: FloatArray) -> None:
    half = smooth_curve((70.0, 34.0), (84.0, 41.0), (122.0, 37.0), (160.0, 29.0))
    body = Strip(Y, X - _MIDDLE, straight, half)
    layer.paint(body.between(82 + 0.004 * (X - _MIDDLE) ** 2, 156), blouse, body.round_light(0.3))
    layer.paint(ellipse((_MIDDLE, 80), (19, 19)), skin)


def _paint_skirt(layer: Layer, weave: Weave, rng: np.random.Generator) -> None:
    hem_y = rng.uniform(392, 408)
    flare = rng.uniform(58, 78)
    half = smooth_curve((176.0, 31.0), (214.0, 48.0), (300.0, 28 + flare / 2), (hem_y + 8, flare))
    lean = smooth_curve((176.0, 0.0), (hem_y + 8, rng.uniform(-10, 10)))
    skirt = Strip(Y, X - _MIDDLE, lean, half)
    folds = int(rng.integers(5, 9))
    from_pleats = skirt.side - rng.uniform(-0.25, 0.1)
    pleated = np.exp(-((from_pleats / 0.34) ** 2)) * soft_step(Y - 196, 60)
    pleats = np.sin(from_pleats * (np.pi * folds * 1.6)) * pleated
    draped = 0.06 * np.sin(skirt.side * 7 + Y * 0.03 + rng.uniform(0, 6)) * (1 - pleated)
    hem = hem_y + 3 * pleats + 4 * (1 - skirt.side**2)
    mask = skirt.between(186 + 0.06 * (X - _MIDDLE), hem)
    pixels = pixels_of(mask)
    side, fold = gather(skirt.side, pixels), gather(pleats, pixels)
    cloth = weave.cloth(gather(Y, pixels), side * 62 + fold * 5)
    cloth = weave.edged(cloth, side * 70, gather(hem - Y, pixels))
    light = skirt.round_light(0.34) + 0.24 * pleats + draped
    layer.paint(mask, cloth, light * wrinkles(rng, (50, 40), 0.12))


def _paint_sash(layer: Layer, weave: Weave, rng: np.random.Generator) -> None:
    """Lay the cloth from the hip across the bust to the shoulder."""
    right, down = _SHOULDER[0] - _HIP[0], _SHOULDER[1] - _HIP[1]
    length = (right**2 + down**2) ** 0.5
    along = ((X - _HIP[0]) * right + (Y - _HIP[1]) * down) / length
    across = ((Y - _HIP[1]) * right - (X - _HIP[0]) * down) / length
    width = rng.uniform(30, 38)
    centre = smooth_curve((-30.0, 12.0), (50.0, 4.0), (length, -1.0), (length + 20, 0.0))
    half = smooth_curve(
        (-30.0, width * 0.6), (30.0, width), (length * 0.7, width * 0.85), (length + 20, 19.0)
    )
    sash = Strip(along, across, centre, half)
    mask = sash.between(-16 + 0.2 * across, length + 6)
    pixels = pixels_of(mask)
    position = gather(along, pixels)
    cloth = weave.cloth(position, gather(sash.side, pixels) * 40)
    cloth = weave.edged(cloth, position, gather(sash.inwards, pixels))
    folds = 0.1 * np.sin(sash.side * rng.uniform(9, 14) + along * 0.02)
    layer.cast_shadow(mask, 5, -2)
    layer.paint(mask, cloth, sash.round_light(0.22) + folds)


def _paint_pallu(layer: Layer, weave: Weave, rng: np.random.Generator) -> None:
    """Let the end of the cloth fall behind the shoulder."""
    end_y = rng.uniform(270, 372)
    sway = rng.uniform(0, 16)
    centre = smooth_curve((70.0, 198.0), (180.0, 214.0 + sway / 2), (end_y + 10, 224.0 + sway))
    pallu = Strip(Y, X, centre, smooth_curve((70.0, 14.0), (180.0, 22.0), (end_y + 10, 32.0)))
    mask = pallu.between(76, end_y + 3 * np.sin(pallu.side * 9))
    _paint_fall(layer, weave, pallu, mask, end_y - 46)


def _paint_fall(layer: Layer, weave: Weave, strip: Strip, mask: FloatArray, bands_y: float) -> None:
    """Paint cloth that hangs straight down, with bands of gold from some height downwards."""
    pixels = pixels_of(mask)
    y = gather(Y, pixels)
    cloth = weave.cloth(y, gather(strip.side, pixels) * 30)
    cloth = weave.edged(cloth, y, gather(strip.inwards, pixels) * 1.3)
    cloth = weave.banded(cloth, y, bands_y, 12)
    layer.paint(mask, cloth, 0.92 + 0.14 * np.sin(strip.side * 8))


def _fold(layer: Layer, weave: Weave, rng: np.random.Generator) -> None:
    """Fold the saree: its body, the border along one edge and the pallu across one end, seen from above."""
    half_width, half_height = rng.uniform(88, 112), rng.uniform(96, 140)
    top, bottom = HEIGHT / 2 - half_height, HEIGHT / 2 + half_height
    flat = Strip(Y, X - _MIDDLE, straight, lambda at: np.full_like(at, half_width))
    mask = flat.between(top, bottom)
    for depth in (9, 6, 3):
        layer.paint(np.roll(mask, (depth, depth // 2), (0, 1)), weave.body, 0.55 + 0.04 * depth)
    pallu_y = bottom - rng.uniform(50, 90)
    pixels = pixels_of(mask)
    x, y = gather(X, pixels) - _MIDDLE, gather(Y, pixels)
    cloth = weave.edged(weave.cloth(y, x), y, x + half_width)
    cloth = weave.bordered(cloth, soft_step(y - pallu_y) * 0.8)
    cloth = weave.banded(cloth, y, pallu_y, 17)
    folds = np.abs(((X - _MIDDLE) / half_width + 1) * 1.5 % 1 - 0.5)
    layer.paint(mask, cloth, (0.94 + 0.16 * folds) * wrinkles(rng, (60, 60), 0.12))
    if happens(rng, 0.5):
        _add_blouse_piece(
            layer, weave, (_MIDDLE - half_width + rng.uniform(20, 60), top + rng.uniform(16, 50))
        )


def _add_blouse_piece(layer: Layer, weave: Weave, corner: Point) -> None:
    """Lay the cloth for a blouse on top."""
    x, y = corner
    piece = polygon([(x, y), (x + 76, y - 5), (x + 80, y + 56), (x + 3, y + 60)])
    layer.cast_shadow(piece, 4, 4)
    layer.paint(piece, weave.border, 1 + 0.08 * np.sin((X + Y) / 9))
    layer.paint(strokes([[(x + 2, y + 52), (x + 78, y + 48)]], 4), weave.gold)


def _hang(layer: Layer, weave: Weave, rng: np.random.Generator) -> None:
    """Hang the saree over a rail, with tassels at its end."""
    half_top = rng.uniform(52, 74)
    end_y = rng.uniform(340, 384)
    layer.paint(polygon([(30, 34), (290, 34), (290, 40), (30, 40)]), _RAIL)
    tassels = [
        [(x, end_y - 4), (x, end_y + 16)] for x in range(int(_MIDDLE - half_top), int(_MIDDLE + half_top), 7)
    ]
    layer.paint(strokes(tassels, 2.0), weave.gold)
    half = smooth_curve(
        (30.0, half_top), (150.0, half_top * 0.93), (end_y + 10, half_top * rng.uniform(1, 1.25))
    )
    strip = Strip(Y, X - _MIDDLE, straight, half)
    folds = np.sin(strip.side * rng.uniform(8, 15) + np.sin(Y / 90))
    mask = strip.between(31.0, end_y)
    pixels = pixels_of(mask)
    y = gather(Y, pixels)
    cloth = weave.cloth(y, gather(strip.side * half_top + 4 * folds, pixels))
    cloth = weave.edged(cloth, y, gather(strip.inwards, pixels))
    cloth = weave.banded(cloth, y, end_y - 84, 21)
    over_rail = 0.12 * np.exp(-(((Y - 37) / 7) ** 2))
    layer.paint(mask, cloth, strip.round_light(0.2) + 0.2 * folds + over_rail)

"""Sarees: draped on a figure, folded, or hung over a rail; with zari borders and woven motifs."""

from dataclasses import dataclass

import numpy as np

from demo.drawing.canvas import (
    HEIGHT,
    FloatArray,
    Layer,
    Point,
    Strip,
    X,
    Y,
    ellipse,
    polygon,
    smooth_curve,
    smooth_noise,
    soft_step,
    strokes,
    wrinkles,
)
from demo.drawing.patterns import Pattern, checks, motifs, plain, stripes, temple_edge, zigzags

_MIDDLE = 160.0
_GOLDS = ((206, 164, 78), (220, 184, 108), (184, 140, 66), (196, 196, 200))
_CONTRASTS = ((118, 22, 40), (22, 84, 62), (36, 56, 146), (182, 30, 106), (38, 38, 42), (206, 152, 34), (232, 222, 200))
_SKINS = ((226, 186, 152), (198, 148, 110), (154, 104, 74), (112, 74, 54), (214, 210, 204), (238, 236, 232))
_HAIRS = ((34, 26, 24), (52, 38, 32), (24, 22, 24))


@dataclass(frozen=True)
class Weave:
    """How one saree's cloth looks."""

    body: FloatArray
    border: FloatArray
    gold: FloatArray
    motif_colour: FloatArray
    pattern: Pattern
    border_pattern: Pattern
    border_width: float
    sheen: FloatArray

    def cloth(self, along: FloatArray, across: FloatArray) -> FloatArray:
        """Return the body's colour at two cloth coordinates in pixels."""
        return _mix(self.body * np.ones((1, 1, 1), np.float32), self.motif_colour, self.pattern(along, across))

    def edged(self, cloth: FloatArray, along: FloatArray, inwards: FloatArray) -> FloatArray:
        """Return the cloth with its border; `inwards` is the distance from the edge in pixels."""
        width = self.border_width
        cloth = _mix(cloth, self.border, soft_step(width - inwards))
        lines = soft_step(1.6 - np.abs(inwards - 2)) + soft_step(1.6 - np.abs(inwards - width + 2))
        woven = self.border_pattern(along, inwards - width / 2) * soft_step(width - 5 - inwards) * soft_step(inwards - 4)
        teeth = temple_edge(width * 0.9, width * 0.6)(along, inwards - width) * soft_step(inwards - width)
        return _mix(cloth, self.gold * self.sheen[..., None], np.clip(lines + woven + teeth, 0, 1))


def draw_saree(colour: Point, rng: np.random.Generator) -> Layer:
    """Draw a saree in a colour of three values 0..255, in one of three ways of showing it."""
    weave = _choose_weave(np.array(colour, np.float32), rng)
    show = (_draped, _folded, _hung)[rng.choice(3, p=(0.68, 0.18, 0.14))]
    return show(weave, rng)


def _choose_weave(body: FloatArray, rng: np.random.Generator) -> Weave:
    gold = np.array(rng.choice(_GOLDS), np.float32)
    border = np.array(rng.choice(_CONTRASTS), np.float32) if rng.random() < 0.6 else body * 0.7  # noqa: PLR2004
    pitch = rng.uniform(15, 30)
    patterns = (
        plain,
        motifs(pitch, pitch * 0.26, 0),
        motifs(pitch, pitch * 0.36, 5),
        motifs(pitch * 0.6, pitch * 0.12, 4),
        stripes(pitch, 2.5),
        checks(pitch, 1.6),
        zigzags(pitch, 3.0),
    )
    border_patterns = (motifs(9, 3.2, 4), zigzags(8, 2.5), stripes(4, 1.6), motifs(12, 4.6, 6))
    motif_colour = gold if rng.random() < 0.6 else np.array(rng.choice(_CONTRASTS), np.float32)  # noqa: PLR2004
    return Weave(
        body=body,
        border=border,
        gold=gold,
        motif_colour=motif_colour,
        pattern=patterns[rng.integers(len(patterns))],
        border_pattern=border_patterns[rng.integers(len(border_patterns))],
        border_width=rng.uniform(11, 24),
        sheen=1 + 0.25 * smooth_noise(rng, (3, 3)),
    )


def _draped(weave: Weave, rng: np.random.Generator) -> Layer:
    """A figure that wears the saree: pleats in front, the pallu over one shoulder."""
    layer = Layer()
    skin = np.array(rng.choice(_SKINS), np.float32)
    blouse = weave.border if rng.random() < 0.7 else weave.gold  # noqa: PLR2004
    _hanging_pallu(layer, weave, rng)
    _figure(layer, skin, np.array(rng.choice(_HAIRS), np.float32))
    _arms(layer, skin, blouse, rng)
    body = Strip(Y, X - _MIDDLE, np.zeros_like, smooth_curve((70.0, 34.0), (84.0, 41.0), (122.0, 37.0), (160.0, 29.0)))
    shoulders = 82 - 0.0 * X + 0.004 * (X - _MIDDLE) ** 2
    layer.paint(body.between(shoulders, 156), blouse, 1.04 - 0.3 * np.abs(body.side) ** 3)
    layer.paint(ellipse((_MIDDLE, 80), (19, 19)), skin)
    _skirt(layer, weave, rng)
    _sash(layer, weave, rng)
    return layer


def _figure(layer: Layer, skin: FloatArray, hair: FloatArray) -> None:
    layer.paint(ellipse((_MIDDLE, 34), (23, 24)), hair)
    layer.paint(ellipse((_MIDDLE - 20, 46), (11, 12)), hair)
    layer.paint(polygon([(150, 50), (170, 50), (172, 86), (148, 86)]), skin, 0.9)
    layer.paint(ellipse((_MIDDLE, 41), (17, 22)), skin)
    layer.paint(polygon([(144, 34), (160, 20), (176, 34), (172, 24), (160, 15), (148, 24)]), hair)
    waist = Strip(Y, X - _MIDDLE, np.zeros_like, smooth_curve((140.0, 34.0), (176.0, 28.0), (210.0, 38.0)))
    layer.paint(waist.between(146, 208), skin, 1.02 - 0.25 * np.abs(waist.side) ** 3)


def _arms(layer: Layer, skin: FloatArray, blouse: FloatArray, rng: np.random.Generator) -> None:
    for direction in (-1, 1):
        bend = rng.uniform(10, 34)
        shoulder, elbow = _MIDDLE + direction * 38, _MIDDLE + direction * (44 + bend)
        wrist = _MIDDLE + direction * rng.uniform(44, 60 + bend)
        centre = smooth_curve((80.0, shoulder), (150.0, elbow), (222.0, wrist), (240.0, wrist))
        width = smooth_curve((80.0, 11.0), (110.0, 10.0), (200.0, 7.0), (222.0, 6.0), (240.0, 5.0))
        arm = Strip(Y, X, centre, width)
        light = 1.03 - 0.25 * np.abs(arm.side) ** 3
        layer.paint(arm.between(84, 236), skin, light)
        sleeve = Strip(Y, X, centre, lambda at, width=width: width(at) + 2)
        layer.paint(sleeve.between(80, 116 + 0.2 * (X - _MIDDLE)), blouse, light)
        layer.paint(arm.between(205, 213), (206, 164, 78), light)


def _skirt(layer: Layer, weave: Weave, rng: np.random.Generator) -> None:
    hem_y = rng.uniform(392, 408)
    flare = rng.uniform(58, 78)
    half = smooth_curve((176.0, 31.0), (214.0, 48.0), (300.0, (48 + flare) / 2 + 4), (hem_y + 8, flare))
    lean = smooth_curve((176.0, 0.0), (hem_y + 8, rng.uniform(-10, 10)))
    skirt = Strip(Y, X - _MIDDLE, lean, half)
    folds = rng.integers(5, 9)
    centre = rng.uniform(-0.25, 0.1)
    pleated = np.exp(-(((skirt.side - centre) / 0.34) ** 2)) * soft_step(Y - 196, 60)
    pleats = np.sin((skirt.side - centre) * np.pi * folds * 1.6)
    wide = np.sin(skirt.side * 7 + Y * 0.03 + rng.uniform(0, 6))
    edge = hem_y + 3 * pleats * pleated + 4 * (1 - skirt.side**2)
    light = 1.05 - 0.34 * np.abs(skirt.side) ** 3 + 0.24 * pleats * pleated + 0.06 * wide * (1 - pleated)
    cloth = weave.cloth(Y, skirt.side * 62 + 5 * pleats * pleated)
    cloth = weave.edged(cloth, skirt.side * 70, edge - Y)
    layer.paint(skirt.between(186 + 0.06 * (X - _MIDDLE), edge), cloth, light * wrinkles(rng, (50, 40), 0.12))


def _sash(layer: Layer, weave: Weave, rng: np.random.Generator) -> None:
    """Lay the cloth from the hip across the bust to the shoulder."""
    hip, shoulder = np.array((118.0, 214.0)), np.array((197.0, 78.0))
    direction = (shoulder - hip) / np.hypot(*(shoulder - hip))
    along = (X - hip[0]) * direction[0] + (Y - hip[1]) * direction[1]
    across = -(X - hip[0]) * direction[1] + (Y - hip[1]) * direction[0]
    length = float(np.hypot(*(shoulder - hip)))
    width = rng.uniform(30, 38)
    centre = smooth_curve((-30.0, 12.0), (50.0, 4.0), (length, -1.0), (length + 20, 0.0))
    half = smooth_curve((-30.0, width * 0.6), (30.0, width), (length * 0.7, width * 0.85), (length + 20, 19.0))
    sash = Strip(along, across, centre, half)
    ends = sash.between(-16 + 0.2 * across, length + 6)
    folds = np.sin(sash.side * rng.uniform(9, 14) + along * 0.02)
    cloth = weave.edged(weave.cloth(along, sash.side * 40), along, (1 - np.abs(sash.side)) * sash.half)
    light = 1.06 - 0.22 * np.abs(sash.side) ** 4 + 0.1 * folds
    layer.light(np.full_like(X, 0.72), np.roll(ends, (5, -2), (0, 1)) * layer.alpha)
    layer.paint(ends, cloth, light)


def _hanging_pallu(layer: Layer, weave: Weave, rng: np.random.Generator) -> None:
    """Let the end of the cloth fall behind the shoulder."""
    end_y = rng.uniform(270, 372)
    centre = smooth_curve((70.0, 198.0), (180.0, 214.0 + rng.uniform(0, 10)), (end_y + 10, 224.0 + rng.uniform(0, 18)))
    half = smooth_curve((70.0, 14.0), (180.0, 22.0), (end_y + 10, 32.0))
    pallu = Strip(Y, X, centre, half)
    cloth = weave.cloth(Y, pallu.side * 30)
    cloth = weave.edged(cloth, Y, (1 - np.abs(pallu.side)) * pallu.half * 1.4)
    bands = soft_step(Y - end_y + 46) * soft_step(3 - np.abs((Y % 11) - 5))
    cloth = _mix(cloth, weave.gold * weave.sheen[..., None], bands)
    light = 0.9 + 0.14 * np.sin(pallu.side * 8)
    layer.paint(pallu.between(76, end_y + 3 * np.sin(pallu.side * 9)), cloth, light)


def _folded(weave: Weave, rng: np.random.Generator) -> Layer:
    """A folded saree seen from above: the body, the border along one edge and the pallu across one end."""
    layer = Layer()
    half_width, half_height = rng.uniform(88, 112), rng.uniform(96, 140)
    top, bottom = HEIGHT / 2 - half_height, HEIGHT / 2 + half_height
    flat = Strip(Y, X - _MIDDLE, np.zeros_like, lambda along: np.full_like(along, half_width))
    for depth in (9, 6, 3):
        layer.paint(np.roll(flat.between(top, bottom), (depth, depth // 2), (0, 1)), weave.body, 0.55 + 0.04 * depth)
    cloth = weave.edged(weave.cloth(Y, X - _MIDDLE), Y, (flat.side + 1) * half_width)
    pallu = soft_step(Y - (bottom - rng.uniform(50, 90)))
    bands = pallu * soft_step(4 - np.abs(Y % 17 - 8))
    cloth = _mix(_mix(cloth, weave.border, pallu * 0.8), weave.gold * weave.sheen[..., None], bands)
    fold = np.abs(((X - _MIDDLE) / half_width + 1) * 1.5 % 1 - 0.5)
    light = (0.94 + 0.16 * fold) * wrinkles(rng, (60, 60), 0.12)
    layer.paint(flat.between(top, bottom), cloth, light)
    _blouse_piece(layer, weave, (_MIDDLE - half_width, top), rng)
    return layer


def _blouse_piece(layer: Layer, weave: Weave, corner: Point, rng: np.random.Generator) -> None:
    if rng.random() < 0.5:  # noqa: PLR2004 - some come with the blouse piece on top
        x, y = corner[0] + rng.uniform(20, 60), corner[1] + rng.uniform(16, 50)
        piece = polygon([(x, y), (x + 76, y - 5), (x + 80, y + 56), (x + 3, y + 60)])
        layer.light(np.full_like(X, 0.7), np.roll(piece, (4, 4), (0, 1)) * layer.alpha)
        layer.paint(piece, weave.border, wrinkles(rng, (30, 30), 0.2))
        layer.paint(strokes([[(x + 2, y + 52), (x + 78, y + 48)]], 4), weave.gold)


def _hung(weave: Weave, rng: np.random.Generator) -> Layer:
    """A saree hung over a rail, with tassels at its end."""
    layer = Layer()
    half_top = rng.uniform(52, 74)
    end_y = rng.uniform(340, 384)
    layer.paint(polygon([(30, 34), (290, 34), (290, 40), (30, 40)]), (120, 92, 66))
    half = smooth_curve((30.0, half_top), (150.0, half_top * 0.93), (end_y + 10, half_top * rng.uniform(1.0, 1.25)))
    cloth_strip = Strip(Y, X - _MIDDLE, np.zeros_like, half)
    tassels = [[(x, end_y - 4.0), (x + rng.uniform(-2, 2), end_y + 16.0)] for x in np.arange(_MIDDLE - half_top, _MIDDLE + half_top, 7)]
    layer.paint(strokes(tassels, 2.0), weave.gold)
    folds = np.sin(cloth_strip.side * rng.uniform(8, 15) + np.sin(Y / 90))
    cloth = weave.edged(weave.cloth(Y, cloth_strip.side * half_top + 4 * folds), Y, (1 - np.abs(cloth_strip.side)) * cloth_strip.half)
    bands = soft_step(Y - end_y + 84) * soft_step(5 - np.abs(Y % 21 - 10))
    cloth = _mix(cloth, weave.gold * weave.sheen[..., None], bands)
    light = 1.0 + 0.2 * folds - 0.2 * np.abs(cloth_strip.side) ** 4 + 0.12 * np.exp(-(((Y - 37) / 7) ** 2))
    layer.paint(cloth_strip.between(31.0, end_y), cloth, light.astype(np.float32))
    return layer


def _mix(below: FloatArray, above: FloatArray, mask: FloatArray) -> FloatArray:
    return below + (above - below) * mask[..., None]

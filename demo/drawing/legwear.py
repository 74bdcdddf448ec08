"""What jeans and trousers share: two legs, a body to wear them, and where their seams run."""

from dataclasses import dataclass

import numpy as np

from demo.drawing.canvas import (
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
    wrinkles,
)

MIDDLE = 160.0
_SHIRTS = ((238, 238, 236), (60, 70, 96), (150, 168, 190), (196, 120, 104), (44, 44, 48), (128, 140, 112))
_SHOES = ((40, 34, 32), (112, 74, 48), (225, 222, 218), (66, 70, 80))
_SKINS = ((226, 186, 152), (198, 148, 110), (154, 104, 74), (112, 74, 54), (214, 210, 204))
# How legwear is shown; a share of each, the same for jeans and trousers.
_WORN, _FLAT, _HUNG = range(3)
_PRESENTATIONS = (0.5, 0.35, 0.15)


@dataclass(frozen=True)
class Cut:
    """The measures of a pair of legs on the canvas, in pixels."""

    waist_y: float
    crotch_y: float
    hem_y: float
    waist_half: float
    hip_half: float
    knee_half: float
    hem_half: float
    knee_apart: Point
    hem_apart: Point

    @property
    def hip_y(self) -> float:
        """Where the hips are widest."""
        return self.waist_y + 0.62 * (self.crotch_y - self.waist_y)

    @property
    def knee_y(self) -> float:
        """Where the knees are."""
        return (self.crotch_y + self.hem_y) / 2 - 8

    def waist_at(self, x: FloatArray | float) -> FloatArray | float:
        """Return where the upper edge is at x: it sags a little in the middle."""
        return self.waist_y + 4 * (1 - ((x - MIDDLE) / self.waist_half) ** 2)

    def side_at(self, y: float) -> float:
        """Return how far the side seam is from the middle at y, above the crotch."""
        part = min(1.0, max(0.0, (y - self.waist_y) / (self.hip_y - self.waist_y)))
        return self.waist_half + (self.hip_half - self.waist_half) * part * (2 - part)


@dataclass(frozen=True)
class Leg:
    """One drawn leg: its mask, its cloth coordinates and on which side of the middle it is (-1 or 1)."""

    strip: Strip
    mask: FloatArray
    direction: int
    centre: Point
    knee: Point


def choose_cut(rng: np.random.Generator, hem_half: Point) -> Cut:
    """Choose measures; `hem_half` is the range of half a hem's width."""
    hip = rng.uniform(56, 68)
    hem = rng.uniform(*hem_half)
    apart = rng.uniform(26, 52)
    waist_y = rng.uniform(38, 66)
    crotch_y = waist_y + rng.uniform(96, 122)
    hem_apart = (apart + rng.uniform(-6, 14), apart + rng.uniform(-6, 14))
    return Cut(
        waist_y=waist_y,
        crotch_y=crotch_y,
        hem_y=rng.uniform(374, 404),
        waist_half=hip * rng.uniform(0.74, 0.84),
        hip_half=hip,
        knee_half=max(hem * rng.uniform(0.95, 1.12), 17),
        hem_half=hem,
        knee_apart=(30 + 0.35 * (hem_apart[0] - 26), 30 + 0.35 * (hem_apart[1] - 26) + rng.uniform(-3, 6)),
        hem_apart=hem_apart,
    )


def make_legs(cut: Cut) -> tuple[Leg, Leg]:
    """Return the left and the right leg as seen."""
    return _leg(cut, -1), _leg(cut, 1)


def _leg(cut: Cut, direction: int) -> Leg:
    which = 0 if direction < 0 else 1
    knee, hem = cut.knee_apart[which], cut.hem_apart[which]
    outer = smooth_curve(
        (cut.waist_y - 2, cut.waist_half),
        (cut.hip_y, cut.hip_half),
        (cut.crotch_y + 24, cut.hip_half * 0.97),
        (cut.knee_y, knee + cut.knee_half),
        (cut.hem_y, hem + cut.hem_half),
    )
    inner = smooth_curve(
        (cut.waist_y - 2, 0.0),
        (cut.crotch_y - 1, 0.0),
        (cut.crotch_y + 30, max(1.5, 0.35 * (knee - cut.knee_half))),
        (cut.knee_y, knee - cut.knee_half),
        (cut.hem_y, hem - cut.hem_half),
    )
    strip = Strip(
        Y,
        (X - MIDDLE) * direction,
        lambda along: (outer(along) + inner(along)) / 2,
        lambda along: (outer(along) - inner(along)) / 2,
    )
    slant = 0.08 * (X - MIDDLE - direction * hem) * direction
    mask = strip.between(cut.waist_at(X), cut.hem_y + slant)
    return Leg(strip, mask, direction, (MIDDLE + direction * hem, cut.hem_y), (MIDDLE + direction * knee, cut.knee_y))


def leg_light(cut: Cut, leg: Leg, rng: np.random.Generator) -> FloatArray:
    """Return the light on a leg: round, wrinkled at crotch, knee and hem, darker between the legs."""
    side = leg.strip.side
    round_light = 1.04 - 0.26 * np.abs(side) ** 3 - 0.05 * side * leg.direction
    creased = np.zeros((1, 1), np.float32)
    for y, reach in ((cut.crotch_y, 34.0), (cut.knee_y, 30.0), (cut.hem_y, 34.0)):
        creased = creased + np.exp(-(((Y - y) / reach) ** 2))
    folds = 1 + (wrinkles(rng, (46, 15), 0.30) - 1) * np.clip(creased + 0.15, 0, 1)
    between_legs = np.exp(-((side + 1) ** 2) * 9) * soft_step(Y - cut.crotch_y + 20, 60)
    return (round_light * folds * (1 - 0.25 * between_legs) * (1 + 0.03 * smooth_noise(rng, (80, 80)))).astype(
        np.float32
    )


def dress_body(layer: Layer, cut: Cut, legs: tuple[Leg, Leg], rng: np.random.Generator) -> int:
    """Paint what lies behind the garment, such as feet or a hanger; return how it is shown."""
    shown = int(rng.choice(3, p=_PRESENTATIONS))
    if shown == _WORN:
        skin, shoe = rng.choice(_SKINS), rng.choice(_SHOES)
        for leg in legs:
            x, y = leg.centre
            layer.paint(polygon([(x - 9, y - 12), (x + 9, y - 12), (x + 8, y + 10), (x - 8, y + 10)]), skin, 0.92)
            toe = x + 5 * leg.direction
            layer.paint(ellipse((toe, y + 9), (14, 8)), shoe)
            layer.paint(ellipse((toe, y + 14), (15, 3)), np.array(shoe) * 0.6)
        layer.paint(_torso(cut, 24), rng.choice(_SHIRTS), wrinkles(rng, (26, 40), 0.25))
    elif shown == _HUNG:
        top = cut.waist_y - 16
        layer.paint(polygon([(78, top), (242, top), (242, top + 5), (78, top + 5)]), (150, 150, 154))
        layer.paint(polygon([(158, 0), (162, 0), (162, top), (158, top)]), (164, 164, 168))
        for x in (MIDDLE - cut.waist_half * 0.7, MIDDLE + cut.waist_half * 0.7):
            layer.paint(polygon([(x - 5, top), (x + 5, top), (x + 7, top + 26), (x - 7, top + 26)]), (70, 70, 74))
    return shown


def cover_waist(layer: Layer, cut: Cut, shown: int, rng: np.random.Generator) -> None:
    """Let a shirt hang over the waist of some garments that are worn."""
    if shown == _WORN and rng.random() < 0.45:  # noqa: PLR2004 - not quite every second one
        hang = cut.waist_y + rng.uniform(14, 44)
        edge = hang + 5 * np.cos((X - MIDDLE) / 22)
        mask = soft_step(edge - Y) * _torso(cut, hang - cut.waist_y + 10)
        layer.paint(mask, rng.choice(_SHIRTS), wrinkles(rng, (26, 40), 0.3) * (1 - 0.1 * np.abs(X - MIDDLE) / 50))


def _torso(cut: Cut, below: float) -> FloatArray:
    half = smooth_curve(
        (-60.0, cut.waist_half + 14), (cut.waist_y, cut.waist_half + 2), (cut.waist_y + 60, cut.hip_half + 5)
    )
    return Strip(Y, X - MIDDLE, lambda along: np.zeros_like(along), half).between(-100.0, cut.waist_y + below)


def waistband(cut: Cut, height: float) -> FloatArray:
    """Return the mask of the waistband."""
    upper = cut.waist_at(X)
    half = smooth_curve((cut.waist_y - 4, cut.waist_half), (cut.waist_y + 40, cut.side_at(cut.waist_y + 40)))
    return Strip(Y, X - MIDDLE, lambda along: np.zeros_like(along), half).between(upper, upper + height)


def arc(start: Point, end: Point, sag: Point, count: int = 12) -> list[Point]:
    """Return points of a curve from start to end that is pulled towards `sag`."""
    parts = np.linspace(0, 1, count)
    weights = np.stack([(1 - parts) ** 2, 2 * parts * (1 - parts), parts**2])
    points = weights.T @ np.array([start, sag, end])
    return [(float(x), float(y)) for x, y in points]


def seam(leg: Leg, cut: Cut, side: float, start: float) -> list[Point]:
    """Return points of a line down a leg, `side` being -1 at the inner edge and 1 at the outer one."""
    rows = np.arange(int(start), int(cut.hem_y) - 2, 6)
    rightwards = leg.strip.side[rows] * leg.direction  # Increases with x, as np.interp needs.
    xs = [float(np.interp(side * leg.direction, row, X[0])) for row in rightwards]
    return list(zip(xs, map(float, rows), strict=True))

"""What jeans and trousers share: the measures of two legs, their light, and where their seams run."""

from dataclasses import dataclass

import numpy as np

from demo.drawing.canvas import (
    Curve,
    FloatArray,
    Point,
    Strip,
    X,
    Y,
    smooth_curve,
    smooth_noise,
    soft_step,
    straight,
    wrinkles,
)

MIDDLE = 160.0
_SEAM_STEP = 6


@dataclass(frozen=True)
class Cut:
    """The measures of a pair of legs on the canvas, in pixels; pairs are for the left and the right leg."""

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

    def waist_at(self, x: float) -> float:
        """Give where the upper edge is at x: it sags a little in the middle."""
        return self.waist_y + 4 * (1 - ((x - MIDDLE) / self.waist_half) ** 2)

    def waist_line(self, drop: float = 0.0) -> list[Point]:
        """Give points of the upper edge, or of a line so many pixels below it."""
        parts = np.linspace(-0.97, 0.97, 14).tolist()
        xs = [MIDDLE + part * self.waist_half for part in parts]
        return [(x, self.waist_at(x) + drop) for x in xs]

    def waist_edge(self) -> FloatArray:
        """Give where the upper edge is, for every pixel's column."""
        return self.waist_y + 4 * (1 - ((X - MIDDLE) / self.waist_half) ** 2)

    def side_at(self, y: float) -> float:
        """Give how far the side seam is from the middle at y, above the crotch."""
        part = min(1.0, max(0.0, (y - self.waist_y) / (self.hip_y - self.waist_y)))
        return self.waist_half + (self.hip_half - self.waist_half) * part * (2 - part)


@dataclass(frozen=True)
class Leg:
    """One leg: its cloth, its edges' distance from the middle by y, and its direction, -1 or 1, from there."""

    cut: Cut
    direction: int
    strip: Strip
    mask: FloatArray
    inner: Curve
    outer: Curve

    @property
    def hem(self) -> Point:
        """The middle of the hem."""
        return (MIDDLE + self.direction * self.cut.hem_apart[self.direction > 0], self.cut.hem_y)

    @property
    def knee(self) -> Point:
        """The middle of the knee."""
        return (MIDDLE + self.direction * self.cut.knee_apart[self.direction > 0], self.cut.knee_y)

    def seam(self, side: float, start: float) -> list[Point]:
        """Give points of a line down the leg; `side` is -1 at the inner edge and 1 at the outer one."""
        rows = np.arange(start, self.cut.hem_y - 2, _SEAM_STEP)
        inner, outer = self.inner(rows), self.outer(rows)
        apart = (inner + outer + side * (outer - inner)) / 2
        points: list[Point] = np.column_stack([MIDDLE + self.direction * apart, rows]).tolist()
        return points

    def light(self, rng: np.random.Generator) -> FloatArray:
        """Give the light on the leg: round, wrinkled at crotch, knee and hem, darker between the legs."""
        places = ((self.cut.crotch_y, 34.0), (self.cut.knee_y, 30.0), (self.cut.hem_y, 34.0))
        wrinkled = sum((np.exp(-(((Y - y) / reach) ** 2)) for y, reach in places), np.float32(0.15))
        folds = 1 + (wrinkles(rng, (46, 15), 0.24) - 1) * np.clip(wrinkled, 0, 1)
        inside = np.clip(-0.6 - self.strip.side, 0, 0.4) * soft_step(Y - self.cut.crotch_y + 20, 60)
        uneven = 1 + 0.03 * smooth_noise(rng, (80, 80))
        light: FloatArray = self.strip.round_light(0.26) * folds * (1 - 0.6 * inside) * uneven
        return light


def choose_cut(rng: np.random.Generator, narrowest: float, widest: float) -> Cut:
    """Choose measures; half a hem is between `narrowest` and `widest` pixels wide."""
    hip = rng.uniform(56, 68)
    hem = rng.uniform(narrowest, widest)
    apart = rng.uniform(26, 52)
    waist_y = rng.uniform(38, 66)
    left, right = apart + rng.uniform(-6, 14), apart + rng.uniform(-6, 14)
    return Cut(
        waist_y=waist_y,
        crotch_y=waist_y + rng.uniform(96, 122),
        hem_y=rng.uniform(374, 404),
        waist_half=hip * rng.uniform(0.74, 0.84),
        hip_half=hip,
        knee_half=max(hem * rng.uniform(0.95, 1.12), 17),
        hem_half=hem,
        knee_apart=(21 + 0.35 * left, 21 + 0.35 * right + rng.uniform(-3, 6)),
        hem_apart=(left, right),
    )


def make_legs(cut: Cut) -> tuple[Leg, Leg]:
    """Give the left and the right leg as seen."""
    return _make_leg(cut, -1), _make_leg(cut, 1)


def waistband(cut: Cut, height: float) -> FloatArray:
    """Give the mask of the waistband."""
    half = smooth_curve((cut.waist_y - 4, cut.waist_half), (cut.waist_y + 40, cut.side_at(cut.waist_y + 40)))
    edge = cut.waist_edge()
    return Strip(Y, X - MIDDLE, straight, half).between(edge, edge + height)


def arc(start: Point, end: Point, pull: Point) -> list[Point]:
    """Give points of a curve from start to end that is pulled towards a third point."""
    parts = np.linspace(0, 1, 12)
    weights = np.stack([(1 - parts) ** 2, 2 * parts * (1 - parts), parts**2])
    points: list[Point] = (weights.T @ np.array([start, pull, end])).tolist()
    return points


def _make_leg(cut: Cut, direction: int) -> Leg:
    knee, hem = cut.knee_apart[direction > 0], cut.hem_apart[direction > 0]
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
        lambda at: (outer(at) + inner(at)) / 2,
        lambda at: (outer(at) - inner(at)) / 2,
    )
    slant = 0.08 * ((X - MIDDLE) * direction - hem)
    return Leg(cut, direction, strip, strip.between(cut.waist_edge(), cut.hem_y + slant), inner, outer)

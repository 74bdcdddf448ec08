"""Charts as values: what is drawn, and where in the drawing it lies; templates/charts.html makes SVG of them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any, ClassVar, Final

from worker.cnn.figures.curves import CoveragePoint, ReliabilityBin
from worker.cnn.figures.robustness_scores import Robustness

_STEPS: Final = (1, 2, 5)
_MOST_TICKS: Final = 6


class Style(StrEnum):
    """How a line or bar is drawn; told apart by dashes and lightness, not by colour alone."""

    FIRST = "first"
    SECOND = "second"
    REFERENCE = "reference"


@dataclass(frozen=True)
class Axis:
    """One side of a chart, from `low` to `high`; `percent` writes its ticks as percentages.

    The title is written below a horizontal axis; what a vertical one shows, the chart's title says.
    """

    title: str
    low: float
    high: float
    percent: bool = False

    def place(self, value: float) -> float:
        """Give where a value lies, 0 to 1 within the axis; values beyond an end lie on it."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def ticks(self) -> tuple[float, ...]:
        """Give up to six round values within the axis."""
        finest = (self.high - self.low) / (_MOST_TICKS - 1)
        power = 10.0 ** math.floor(math.log10(finest))
        step = next(power * times for times in (*_STEPS, 10) if power * times >= finest * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return tuple(number * step for number in range(first, last + 1))

    def write(self, value: float) -> str:
        """Write a tick."""
        return f"{value * 100:g}%" if self.percent else f"{value:g}"


@dataclass(frozen=True)
class Line:
    """Points joined in their order; a line without a name is explained nowhere."""

    name: str
    points: tuple[tuple[float, float], ...]
    style: Style


@dataclass(frozen=True)
class Bar:
    """A bar from the bottom to `top` between two values of the horizontal axis, and what is written above it."""

    left: float
    right: float
    top: float
    note: str


@dataclass(frozen=True)
class Mark:
    """One point that matters, with a note beside it."""

    x: float
    y: float
    note: str


@dataclass(frozen=True)
class Chart:
    """A drawing of `width` by `height` user units, its plot inset for the words around it."""

    title: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...] = ()
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()

    width: ClassVar[int] = 400
    height: ClassVar[int] = 270
    left: ClassVar[int] = 46
    right: ClassVar[int] = 388
    top: ClassVar[int] = 14
    bottom: ClassVar[int] = 226

    def across(self, value: float) -> float:
        """Give the horizontal coordinate of a value."""
        return round(self.left + self.x.place(value) * (self.right - self.left), 1)

    def down(self, value: float) -> float:
        """Give the vertical coordinate of a value."""
        return round(self.bottom - self.y.place(value) * (self.bottom - self.top), 1)

    def path(self, line: Line) -> str:
        """Give the points of a line as SVG's `points`."""
        return " ".join(f"{self.across(x)},{self.down(y)}" for x, y in line.points)


def shares_axis(lowest: float) -> Axis:
    """Give an axis of shares up to 1 that begins at the tenth below the lowest, so that no half stays empty."""
    return Axis("", max(0.0, min(0.9, math.floor(lowest * 10 - 0.5) / 10)), 1, percent=True)


def reliability_chart(bins: Sequence[ReliabilityBin]) -> Chart:
    """Draw accuracy by confidence: honest bars end on the diagonal."""
    low = min((each.low for each in bins), default=0.0)
    return Chart(
        "Accuracy by confidence, and the number of pictures",
        Axis("confidence", low, 1, percent=True),
        Axis("", 0, 1, percent=True),
        lines=(Line("as confident as right", ((low, low), (1, 1)), Style.REFERENCE),),
        bars=tuple(Bar(each.low, each.high, each.accuracy, str(each.pictures)) for each in bins),
    )


def coverage_chart(points: Sequence[CoveragePoint], chosen: Mark | None) -> Chart:
    """Draw the accuracy of the claims by the share that is claimed; `chosen` is the version's threshold."""
    low = min((point.accuracy for point in points), default=0.0)
    return Chart(
        "Accuracy of the claims by the share claimed",
        Axis("coverage", 0, 1, percent=True),
        shares_axis(low),
        lines=(Line("", tuple((point.coverage, point.accuracy) for point in points), Style.FIRST),),
        marks=(chosen,) if chosen else (),
    )


def learning_charts(history: Iterable[Mapping[str, Any]]) -> tuple[Chart, ...]:
    """Draw, for each stage of a training run, cross-entropy and accuracy by epoch, where they were kept.

    Stages are drawn on the same scales, so that they can be compared.
    """
    epochs = list(history)
    stages = [(name, list(theirs)) for name, theirs in groupby(epochs, lambda epoch: str(epoch["stage"]))]
    charts = (
        _learning_chart(f"{name}: {figure.replace('_', '-')}", figure, theirs, y)
        for figure in ("cross_entropy", "accuracy")
        if (y := _learning_axis(figure, epochs))
        for name, theirs in stages
    )
    return tuple(chart for chart in charts if chart.lines)


def _learning_axis(figure: str, epochs: Sequence[Mapping[str, Any]]) -> Axis | None:
    """Give an axis with room for the figure in all stages; None where no epoch has it."""
    names = (figure, f"validation_{figure}")
    values = [epoch[name] for epoch in epochs for name in names if name in epoch]
    if not values:
        return None
    return shares_axis(min(values)) if figure == "accuracy" else Axis("", 0, max(*values, 1e-6))


def _learning_chart(title: str, figure: str, epochs: Sequence[Mapping[str, Any]], y: Axis) -> Chart:
    styles = ((figure, "training", Style.SECOND), (f"validation_{figure}", "validation", Style.FIRST))
    lines = tuple(
        Line(name, tuple((epoch["epoch"], epoch[key]) for epoch in epochs if key in epoch), style)
        for key, name, style in styles
    )
    last = max(epoch["epoch"] for epoch in epochs)
    return Chart(title, Axis("epoch", 1, max(2, last)), y, tuple(line for line in lines if line.points))


def points_axis(robustness: Robustness) -> Axis:
    """Give an axis of points lost, in fives, that holds nought and every interval of a variation and strength."""
    losses = [varied.lost for each in robustness.variations.values() for varied in each.strengths.values()]
    low = math.floor(min(0.0, *(lost.low for lost in losses)) / 5) * 5
    return Axis("", low, max(5, math.ceil(max(lost.high for lost in losses) / 5) * 5))

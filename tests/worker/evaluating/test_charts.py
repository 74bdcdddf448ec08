import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.cnn.figures.curves import CoveragePoint, ReliabilityBin
from worker.cnn.figures.robustness_scores import (
    LookAlikes,
    PointsLost,
    Robustness,
    Score,
    VariationScore,
    VariedScore,
)
from worker.cnn.pictures.variation_kinds import Variation
from worker.evaluating.charts import (
    Axis,
    Chart,
    Line,
    Mark,
    Style,
    coverage_chart,
    learning_charts,
    points_axis,
    reliability_chart,
    shares_axis,
)


@given(st.floats(-1000, 1000), st.floats(0.001, 5000))
def test_ticks_are_a_few_round_values_within_the_axis(low: float, length: float) -> None:
    axis = Axis("", low, low + length)
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 6
    assert all(low - 1e-6 * length <= tick <= low + length + 1e-6 * length for tick in ticks)
    steps = {round((b - a) / length, 6) for a, b in pairwise(ticks)}
    assert len(steps) == 1
    step = ticks[1] - ticks[0]
    assert round(step / 10 ** math.floor(math.log10(step) + 1e-9), 3) in {1, 2, 5}


def test_ticks_are_written_short() -> None:
    axis = Axis("", 0, 1, percent=True)
    assert [axis.write(tick) for tick in axis.ticks()] == ["0%", "20%", "40%", "60%", "80%", "100%"]
    assert [Axis("", 0, 0.3).write(tick) for tick in Axis("", 0, 0.3).ticks()] == ["0", "0.1", "0.2", "0.3"]


def test_values_lie_within_the_frame_with_the_larger_above() -> None:
    line = Line("", ((1, 0), (5, 0.5), (9, 2)), Style.FIRST)
    chart = Chart("", Axis("", 1, 5), Axis("", 0, 1), lines=(line,))
    assert chart.path(line) == "46.0,226.0 388.0,120.0 388.0,14.0"


@pytest.mark.parametrize(("lowest", "low"), [(1.0, 0.9), (0.91, 0.8), (0.97, 0.9), (0.0, 0.0), (0.34, 0.2)])
def test_an_axis_of_shares_leaves_room_below_and_wastes_little(lowest: float, low: float) -> None:
    assert shares_axis(lowest).low == pytest.approx(low)


def epoch(stage: str, number: int, **figures: float) -> dict[str, object]:
    return {"stage": stage, "epoch": number, **figures}


def test_each_stage_has_a_chart_of_each_figure_on_the_same_scale() -> None:
    figures = {"accuracy": 0.7, "validation_accuracy": 0.6, "cross_entropy": 0.8, "loss": 0.9}
    charts = learning_charts(
        [epoch("head", 1, **figures), epoch("head", 2, **figures), epoch("blocks", 1, **figures)]
    )
    assert [chart.title for chart in charts] == [
        "head: cross-entropy", "blocks: cross-entropy", "head: accuracy", "blocks: accuracy",
    ]  # fmt: skip
    assert charts[0].y == charts[1].y
    assert [line.name for line in charts[2].lines] == ["training", "validation"]
    assert [line.name for line in charts[0].lines] == ["training"]
    assert charts[2].lines[0].points == ((1, 0.7), (2, 0.7))


@pytest.mark.parametrize("history", [[], [epoch("features", 1)], [epoch("head", 1, loss=0.4)]])
def test_a_history_without_these_figures_has_no_charts(history: list[dict[str, object]]) -> None:
    assert learning_charts(history) == ()


def test_a_stage_without_figures_is_left_out() -> None:
    charts = learning_charts([epoch("head", 1, accuracy=0.5), epoch("average", 1)])
    assert [chart.title for chart in charts] == ["head: accuracy"]


def test_the_reliability_diagram_has_a_bar_for_each_bin_and_the_diagonal() -> None:
    chart = reliability_chart([ReliabilityBin(0.6, 0.7, 0.65, 0.5, 4), ReliabilityBin(0.9, 1, 0.95, 1, 30)])
    assert [(bar.top, bar.note) for bar in chart.bars] == [(0.5, "4"), (1, "30")]
    assert chart.lines[0].points == ((0.6, 0.6), (1, 1))


def test_the_curve_marks_the_threshold_where_there_is_one() -> None:
    points = [CoveragePoint(0.9, 0.5, 1.0), CoveragePoint(0.6, 1.0, 0.94)]
    chart = coverage_chart(points, Mark(0.8, 0.97, "threshold 0.70"))
    assert chart.lines[0].points == ((0.5, 1.0), (1.0, 0.94))
    assert chart.y.low == pytest.approx(0.8)
    assert [mark.note for mark in chart.marks] == ["threshold 0.70"]
    assert coverage_chart([], None).marks == ()


def robustness(*losses: PointsLost) -> Robustness:
    score = Score(0.9, 0.9, 0.8, 0.95)
    return Robustness(
        pictures=50,
        clean=score,
        variations={
            variation: VariationScore({1: VariedScore(score, lost)}, lost)
            for variation, lost in zip(Variation, losses, strict=False)
        },
        look_alikes=LookAlikes(5, score, {"jeans or trousers": 5}),
    )


@pytest.mark.parametrize(
    ("losses", "ends"),
    [
        ([PointsLost(3, 1, 7), PointsLost(12, 8, 16.5)], (0, 20)),
        ([PointsLost(3, -0.5, 7), PointsLost(-4, -6, -2)], (-10, 10)),
        ([PointsLost(0, 0, 0)], (0, 5)),
    ],
)
def test_the_axis_of_points_lost_holds_nought_and_every_interval(
    losses: list[PointsLost], ends: tuple[float, float]
) -> None:
    axis = points_axis(robustness(*losses))
    assert (axis.low, axis.high) == ends

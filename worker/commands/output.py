"""Figures and predictions, written for people and for programs."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Column, Table

from db.commands.command_line import printable
from db.crawls import CrawlArguments
from db.models import CrawlRun, ModelVersion, RunKind
from db.queries.slice_progress import products_of
from db.queries.version_list import uncalibrated

_INTERVAL: Final = "95% interval"

_KINDS: Final = {RunKind.TRAINING: "trained", RunKind.LEARNING: "learnt"}


class Format(StrEnum):
    """How predictions are written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def figures_table(figures: Mapping[str, Any]) -> Table:
    """Show an evaluation's figures, with their intervals; shares are 0 to 1."""
    table = Table("figure", "value", _INTERVAL, title=f"{figures['pictures']} pictures of the test split")
    for name in ("accuracy", "loss", "macro_f1", "expected_calibration_error", "coverage", "claimed_accuracy",
                 "negatives", "negatives_flagged"):  # fmt: skip
        table.add_row(
            name.replace("_", " "), _number(figures[name]), _interval(figures["intervals"].get(name))
        )
    return table


def categories_table(figures: Mapping[str, Any]) -> Table:
    """Show precision, recall, F1 with its interval and the error matrix, a row per true category."""
    names = list(figures["categories"])
    table = Table(
        Column("label", no_wrap=True),
        "precision",
        "recall",
        "F1",
        Column(_INTERVAL, no_wrap=True),
        *(f"called {name}" for name in names),
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for name, counts in zip(names, figures["error_matrix"], strict=True):
        score = figures["categories"][name]
        shares = [_number(score[key]) for key in ("precision", "recall", "f1")]
        table.add_row(name, *shares, _interval(figures["intervals"]["f1"][name]), *map(str, counts))
    return table


def robustness_table(robustness: Mapping[str, Any]) -> Table:
    """Show the points of accuracy that each variation costs by strength, the worst variation first."""
    clean, look_alikes = robustness["clean"], robustness["look_alikes"]
    variations = sorted(robustness["variations"].items(), key=lambda item: -item[1]["lost"]["points"])
    strengths = list(variations[0][1]["strengths"])
    table = Table(
        "variation",
        *(Column(name, justify="right") for name in (f"strength {strengths[0]}", *strengths[1:])),
        Column("mean", justify="right"),
        Column(_INTERVAL, justify="right"),
        title=f"points of accuracy lost, against {clean['accuracy']:.3f} on {robustness['pictures']} pictures",
        caption=f"look-alikes, the {look_alikes['pictures']} pictures with the least margin: "
        f"accuracy {look_alikes['accuracy']:.3f}",
    )
    for name, scores in variations:
        lost = scores["lost"]
        by_strength = (f"{scores['strengths'][strength]['lost']['points']:.1f}" for strength in strengths)
        interval = f"{lost['low']:.1f} to {lost['high']:.1f}"
        table.add_row(name.replace("_", " "), *by_strength, f"{lost['points']:.1f}", interval)
    return table


def versions_table(versions: Iterable[tuple[ModelVersion, RunKind]]) -> Table:
    """Show model versions, how and when each was made, and its figures on the test split."""
    made, network = (Column(name, no_wrap=True) for name in ("made", "network"))
    figures = (Column(name, justify="right", width=8) for name in ("accuracy", "macro F1"))
    table = Table(
        "version",
        made,
        "",
        network,
        "body",
        *figures,
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for version, kind in versions:
        test = version.metrics.get("test") or {}
        table.add_row(
            str(version.id),
            f"{_KINDS[kind]} {version.created_at:%Y-%m-%d %H:%M}",
            "active" if version.active else "",
            version.network,
            "" if version.body_id is None else str(version.body_id),
            _number(test.get("accuracy")),
            _number(test.get("macro_f1")),
        )
        if note := uncalibrated(version):
            table.caption = f"{table.caption or ''}\nConfidences of version {version.id} are {note}.".lstrip()
    return table


def version_document(version: ModelVersion, kind: RunKind) -> dict[str, Any]:
    """Give what is known of a model version, but for its files."""
    names = ("id", "training_run_id", "network", "body_id", "categories", "temperature", "threshold",
             "in_distribution_threshold", "active", "created_at", "activated_at", "metrics")  # fmt: skip
    return {"made": _KINDS[kind]} | {name: getattr(version, name) for name in names}


def slices_table(runs: Iterable[CrawlRun]) -> Table:
    """Show the slices of a crawl and what came of each."""
    table = Table("run", "search", "prices", Column("products", justify="right"), "attempts", "ended")
    for run in runs:
        ended = run.finish_reason or run.status
        asked = CrawlArguments.read(run.arguments)
        products = str(products_of(run))
        table.add_row(str(run.id), asked.search, _prices(asked), products, str(run.attempts), ended)
    return table


def write_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], output: Format) -> None:
    """Write rows to standard output, each as soon as it is known (a table at the end)."""
    if output is Format.CSV:
        # A file's name may be no text; it comes out as it is, so that a program finds the file again.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="surrogateescape")
        writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    elif output is Format.JSON:
        sys.stdout.write(json.dumps([{name: row[name] for name in columns} for row in rows], indent=2) + "\n")
    else:
        table = Table(*(Column(name, overflow="fold") for name in columns))
        for row in rows:
            table.add_row(*(printable(_number(row[column])) for column in columns))
        Console().print(table, markup=False)


def _prices(asked: CrawlArguments) -> str:
    low, high = asked.min_price, asked.max_price
    if low is None or high is None:
        return f"from {low}" if low is not None else f"to {high}" if high is not None else "all"
    return f"{low} to {high}"


def _interval(ends: Mapping[str, float] | None) -> str:
    return "" if ends is None else f"{ends['low']:.3f} to {ends['high']:.3f}"


def _number(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)

"""Figures and predictions, written for people and for programs."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from db.models import ModelVersion


class Format(StrEnum):
    """How predictions are written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def figures_table(figures: Mapping[str, Any]) -> Table:
    """Show an evaluation's figures; shares are 0 to 1."""
    table = Table("figure", "value", title=f"{figures['pictures']} pictures of the test split")
    for name in ("accuracy", "loss", "macro_f1", "expected_calibration_error", "coverage", "claimed_accuracy",
                 "negatives", "negatives_flagged"):  # fmt: skip
        table.add_row(name.replace("_", " "), _number(figures[name]))
    return table


def categories_table(figures: Mapping[str, Any]) -> Table:
    """Show precision, recall, F1 and the error matrix, a row per true category."""
    names = list(figures["categories"])
    table = Table("listed category", "precision", "recall", "F1", *(f"called {name}" for name in names))
    for name, counts in zip(names, figures["error_matrix"], strict=True):
        score = figures["categories"][name]
        shares = [_number(score[key]) for key in ("precision", "recall", "f1")]
        table.add_row(name, *shares, *map(str, counts))
    return table


def versions_table(versions: Iterable[ModelVersion]) -> Table:
    """Show model versions, the latest first."""
    table = Table("version", "active", "network", "made", "test accuracy", "macro F1", "threshold")
    for version in versions:
        test = version.metrics.get("test") or {}
        table.add_row(
            str(version.id),
            "yes" if version.active else "",
            version.network,
            f"{version.created_at:%Y-%m-%d %H:%M}",
            _number(test.get("accuracy")),
            _number(test.get("macro_f1")),
            _number(version.threshold),
        )
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
            table.add_row(*(_number(row[column]) for column in columns))
        Console().print(table)


def _number(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)

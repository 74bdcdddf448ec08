"""Rows as a table for people, or in a file for programs (db/row_formats.py)."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC
from itertools import count
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from db.commands.command_line import printable, terminal
from db.output_files import written_to
from db.queries.products import ProductRow
from db.queries.review_history import ReviewRow
from db.queries.statistics import Statistics
from db.queries.to_review import ToReview
from db.row_formats import WRITERS

if TYPE_CHECKING:
    from db.datasets.nearest import SimilarPicture

WIDTH_OF_A_FILE: Final = 160
"""Columns of a table that goes to a file or another program, where there is no terminal to ask."""

LONGEST_OUTCOME: Final = 100
"""Characters of a run in a table; JSON has all."""

_CATEGORY_CHANGES: Final = {
    "not_learnt": "not learnt yet (python -m worker learn)",
    "given_up": "no more in categories.toml",
}


def write_rows(rows: Iterable[Any], row_type: type, chosen: str, output: Path | None) -> None:
    """Write rows to a file, or to standard output where `output` is None, and tell how many went to the file.

    Args:
        rows: of the type.
        row_type: a dataclass, whose fields are the columns.
        chosen: a name in WRITERS.
        output: appears only when it is complete.

    Raises:
        typer.BadParameter: a terminal would show bytes.
        OutputFileError: the file cannot be written.
    """
    if chosen == "parquet" and output is None and sys.stdout.isatty():
        raise typer.BadParameter(
            "parquet is not for reading: add --output FILE, or redirect it; got a terminal"
        )
    numbers = count()
    counted = (row for row, _ in zip(rows, numbers, strict=False))
    with written_to(output) as stream:
        WRITERS[chosen](counted, row_type, stream)
    if output is not None:
        terminal.print(f"Written: {next(numbers)} rows to {output}.", soft_wrap=True, markup=False)


def print_products(rows: Sequence[ProductRow]) -> None:
    """Print the columns that people look for, one line a product; the other formats have them all."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("id", "marketplace", "asin", "title", "brand"):
        table.add_column(name, no_wrap=True, max_width=36)
    for name in ("price", "listed as", "category", "confidence"):
        table.add_column(name, no_wrap=True, justify="right" if name in {"price", "confidence"} else "left")
    for row in rows:
        table.add_row(
            str(row.id), row.marketplace, printable(row.asin), printable(row.title), printable(row.brand),
            "" if row.price is None else f"{row.price:,.2f} {row.currency or ''}".strip(),
            row.listed_category, _verdict(row), "" if row.confidence is None else f"{row.confidence:.3f}",
        )  # fmt: skip
    _show(table)


def print_to_review(rows: Sequence[ToReview]) -> None:
    """Print one line a product: what the shop says, what the network finds likeliest, and why it is asked."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("why", "marketplace", "asin", "listed as", "likeliest", "confidence", "title"):
        table.add_column(name, no_wrap=True, max_width=36)
    for row in rows:
        confidence = "" if row.confidence is None else f"{row.confidence:.3f}"
        table.add_row(
            row.why, row.marketplace, printable(row.asin), row.listed_category, row.likeliest, confidence,
            printable(row.title),
        )  # fmt: skip
    _show(table)


def print_reviews(rows: Sequence[ReviewRow]) -> None:
    """Print one line a verdict, with its moment in UTC, and whether it counts."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("id", "marketplace", "asin", "category", "reviewer", "given", "counts"):
        table.add_column(name, no_wrap=True, max_width=36)
    for row in rows:
        counts = "yes" if row.counts else "withdrawn" if row.withdrawn_at else "no, a later one does"
        given = f"{row.created_at.astimezone(UTC):%Y-%m-%d %H:%M}"
        table.add_row(
            str(row.id),
            row.marketplace,
            printable(row.asin),
            row.category,
            printable(row.reviewer),
            given,
            counts,
        )
    _show(table)


def print_similar(rows: Sequence["SimilarPicture"]) -> None:
    """Print one line a picture, the nearest first."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("similarity", "sha256", "marketplace", "asin", "category", "title"):
        table.add_column(name, no_wrap=True, max_width=64 if name == "sha256" else 36)
    for row in rows:
        table.add_row(
            f"{row.similarity:.3f}", row.sha256, row.marketplace, printable(row.asin), row.category,
            printable(row.title),
        )  # fmt: skip
    _show(table)


def print_statistics(statistics: Statistics) -> None:
    """Print every figure, one a line; counts by a word have a line for each word."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="left", style="bold")
    table.add_column(justify="right")
    for name, value in asdict(statistics).items():
        if name.startswith("last_"):
            table.add_row(name.replace("_", " "), _last_run(value))
        elif name in _CATEGORY_CHANGES:
            if value:
                table.add_row(_CATEGORY_CHANGES[name], ", ".join(value))
        elif name != "estimated":
            words = value if isinstance(value, dict) else {"": value}
            for word, number in words.items():
                figure = f"{name}: {word}" if word else name
                about = "about " if figure in statistics.estimated else ""
                table.add_row(figure.replace("_", " "), "none" if number is None else f"{about}{number}")
    _show(table)


def _last_run(run: dict[str, Any] | None) -> str:
    if run is None:
        return "none"
    started = run["started_at"]
    since = "" if started is None else f" {started.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    outcome = "" if run["outcome"] is None else f": {run['outcome']}"
    return shorten(f"{run['status']}{since}{outcome}", LONGEST_OUTCOME, placeholder=" ...")


def _show(table: Table) -> None:
    """Print to standard output, as wide as the terminal."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE)
    console.print(table, markup=False)


def _verdict(row: ProductRow) -> str:
    if row.uncertain:
        return f"uncertain ({row.likeliest})" if row.likeliest else "uncertain"
    if row.uncertain is None:
        return "-"
    return row.category or "other (review)" if row.decided_by == "review" else str(row.category)

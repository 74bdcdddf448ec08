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
from rich.table import Table

from db.commands.command_line import terminal
from db.commands.fitted_table import show_rows, standard_output
from db.output_files import written_to
from db.queries.products import ProductRow
from db.queries.review_history import ReviewRow
from db.queries.statistics import Statistics
from db.queries.to_review import ToReview
from db.row_formats import WRITERS

if TYPE_CHECKING:
    from db.datasets.nearest import SimilarPicture

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
    show_rows(
        {
            "id": str(row.id),
            "marketplace": row.marketplace,
            "asin": row.asin,
            "title": row.title,
            "brand": row.brand,
            "price": "" if row.price is None else f"{row.price:,.2f} {row.currency or ''}".strip(),
            "listed as": row.listed_category,
            "category": _verdict(row),
            "confidence": "" if row.confidence is None else f"{row.confidence:.3f}",
        }
        for row in rows
    )


def print_to_review(rows: Sequence[ToReview]) -> None:
    """Print one line a product: what the shop says, what the network finds likeliest, and why it is asked."""
    show_rows(
        {
            "why": row.why,
            "marketplace": row.marketplace,
            "asin": row.asin,
            "listed as": row.listed_category,
            "likeliest": row.likeliest,
            "confidence": "" if row.confidence is None else f"{row.confidence:.3f}",
            "title": row.title,
        }
        for row in rows
    )


def print_reviews(rows: Sequence[ReviewRow]) -> None:
    """Print one line a verdict, with its moment in UTC, and whether it counts."""
    show_rows(
        {
            "id": str(row.id),
            "marketplace": row.marketplace,
            "asin": row.asin,
            "category": row.category,
            "reviewer": row.reviewer,
            "given": f"{row.created_at.astimezone(UTC):%Y-%m-%d %H:%M}",
            "counts": "yes" if row.counts else "withdrawn" if row.withdrawn_at else "no, a later one does",
        }
        for row in rows
    )


def print_similar(rows: Sequence["SimilarPicture"]) -> None:
    """Print one line a picture, the nearest first."""
    show_rows(
        {
            "similarity": f"{row.similarity:.3f}",
            "marketplace": row.marketplace,
            "asin": row.asin,
            "category": row.category,
            "title": row.title,
            "sha256": row.sha256,
        }
        for row in rows
    )


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
    standard_output().print(table, markup=False)


def _last_run(run: dict[str, Any] | None) -> str:
    if run is None:
        return "none"
    started = run["started_at"]
    since = "" if started is None else f" {started.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    outcome = "" if run["outcome"] is None else f": {run['outcome']}"
    status = "failed" if run["failed"] else run["status"]
    return shorten(f"{status}{since}{outcome}", LONGEST_OUTCOME, placeholder=" ...")


def _verdict(row: ProductRow) -> str:
    if row.uncertain:
        return f"{row.why_uncertain} ({row.likeliest}?)" if row.likeliest else str(row.why_uncertain)
    if row.uncertain is None:
        return "-"
    return row.category or "other (review)" if row.decided_by == "review" else str(row.category)

"""List products: a page of them for people, all of them for programs."""

import shlex
import sys
from pathlib import Path
from typing import Final

import typer

from db.commands.command_line import terminal
from db.commands.formats import TO_PROGRAMS, print_products, written_to
from db.commands.options import ProductFormat
from db.queries.products import ProductFilter, product_page, stream_products
from db.session import open_database

ROWS_OF_A_TABLE: Final = 20


def write_all(
    wanted: ProductFilter, limit: int | None, after: int, chosen: ProductFormat, output: Path | None
) -> None:
    """Write the products to a file, or to standard output where `output` is None.

    Raises:
        typer.BadParameter: a terminal would show bytes.
    """
    if chosen is ProductFormat.PARQUET and output is None and sys.stdout.isatty():
        raise typer.BadParameter(
            "parquet is not for reading: add --output FILE, or redirect it; got a terminal"
        )
    with written_to(output) as stream:
        TO_PROGRAMS[chosen](stream_products(open_database(), wanted, after, limit), stream)


def print_page(wanted: ProductFilter, limit: int | None, after: int) -> None:
    """Print a table of the products, and the command that shows the next ones if there are more."""
    size = limit or ROWS_OF_A_TABLE
    with open_database().read() as session:
        rows = product_page(session, wanted, after, size + 1)
    print_products(rows[:size])
    if len(rows) > size:
        terminal.print("More:", _next_page(wanted, limit, rows[size - 1].id), soft_wrap=True, markup=False)


def _next_page(wanted: ProductFilter, limit: int | None, after: int) -> str:
    options = {**vars(wanted), "limit": limit, "after": after}
    words = ["python", "-m", "db", "products"]
    for name, value in options.items():
        if value not in (None, False):
            words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return shlex.join(words)

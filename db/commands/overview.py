"""See what the records hold: `python -m db stats` and `contact-sheet`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from db.categories import load_categories
from db.commands.command_line import terminal
from db.commands.options import format_of, picture_file
from db.output_files import written_to

# `--help` is to answer at once, so that a command imports what it needs itself: SQLAlchemy and Pillow are large.
# ruff: noqa: PLC0415


def stats(
    chosen: Annotated[
        Literal["table", "json"], typer.Option("--format", help="A table for people, or JSON for programs.")
    ] = "table",
) -> None:
    """Count products, pictures, labels and runs.

    Example: python -m db stats --format json
    """
    from db.commands.formats import print_statistics
    from db.queries.first_training import first_training
    from db.queries.statistics import gather_statistics
    from db.row_formats import as_text
    from db.session import open_database
    from db.settings import train_after

    with open_database().read() as session:
        statistics = gather_statistics(session, load_categories())
        awaited = first_training(session, load_categories(), train_after())
    if chosen == "json":
        typer.echo(json.dumps(asdict(statistics), indent=2, default=as_text))
    else:
        print_statistics(statistics)
    if awaited is not None and statistics.products:
        terminal.print(awaited.sentence(), soft_wrap=True)


def contact_sheet(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Where to draw it: a .png or .jpg file.", callback=picture_file),
    ],
    columns: Annotated[int, typer.Option(help="Products in a row.", min=2, max=20)] = 8,
) -> None:
    """Draw classified products as one picture: a row per category, from the surest to the least sure.

    Example: python -m db contact-sheet sheet.png
    """
    from db.commands.contact_sheet import draw_contact_sheet
    from db.image_store import open_image_store
    from db.session import open_database

    with written_to(file) as stream, open_database().read() as session:
        sheet = draw_contact_sheet(session, open_image_store(), load_categories(), columns)
        sheet.save(stream, format_of(file))
    terminal.print(f"Drawn: {file}", soft_wrap=True, markup=False)

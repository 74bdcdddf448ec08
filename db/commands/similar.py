"""Find pictures that look alike: `python -m db similar`."""

from pathlib import Path
from typing import Annotated

import typer

from db.commands.command_line import terminal
from db.commands.options import RowFile, RowFormat, is_sha256, picture, row_format

# `--help` is to answer at once, so that a command imports what it needs itself: SQLAlchemy and NumPy are large.
# ruff: noqa: PLC0415


def similar(
    asked: Annotated[
        str,
        typer.Argument(
            metavar="SHA256|FILE",
            callback=picture,
            help="Of a stored picture, as `products` gives it; or a picture of yours.",
        ),
    ],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 10,
    chosen: RowFormat = None,
    output: RowFile = None,
) -> None:
    """List the pictures that look most like one, the nearest first, with the products that show them.

    They are compared as the active model version sees them; every picture that it has seen is looked at. A file
    that is no stored picture is first seen by the classifier's engine, which takes some seconds; nothing is recorded.

    Example: python -m db similar photo.jpg --limit 20 --format json
    """
    from db.commands.formats import print_similar, write_rows
    from db.datasets.nearest import SimilarPicture, similar_pictures
    from db.datasets.similar_file import similar_to_file
    from db.session import open_database

    written_as = row_format(chosen, output)
    database = open_database()
    if is_sha256(asked):
        with database.read() as session:
            rows = similar_pictures(session, asked, limit)
    else:
        rows = similar_to_file(database, Path(asked), limit)
    if written_as != "table":
        write_rows(rows, SimilarPicture, written_as, output)
    elif rows:
        print_similar(rows)
    else:
        terminal.print("No other picture has been seen by the active version yet.")

"""Say what a product is: `python -m db review`."""

from typing import Annotated

import typer

from db.categories import load_categories
from db.commands.command_line import terminal
from db.commands.options import verdict

# `--help` is to answer at once, so that a command imports what it needs itself: SQLAlchemy and Pillow are large.
# ruff: noqa: PLC0415


def review(
    marketplace: Annotated[str, typer.Argument(help="The product's marketplace, such as amazon.in.")],
    asin: Annotated[str, typer.Argument(help="The product's ASIN; for a photo its path in the folder.")],
    category: Annotated[
        str, typer.Argument(callback=verdict, help="What it is; `other` is none of the categories.")
    ],
) -> None:
    """Record your verdict on a product's category; it wins over the network from now on.

    Example: python -m db review amazon.in B0EXAMPLE1 jeans
    """
    from db.repository.labels import add_review
    from db.session import open_database

    with open_database().write() as session:
        add_review(session, (marketplace, asin), category, load_categories())
    terminal.print(f"{marketplace} {asin} is reviewed: {category}.", soft_wrap=True, markup=False)

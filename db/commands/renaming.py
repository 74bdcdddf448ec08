"""Give a category another name: `python -m db rename-category`."""

from typing import Annotated

import typer

from db.categories import load_categories
from db.commands.command_line import terminal
from db.commands.options import verdict

# `--help` is to answer at once, so that a command imports what it needs itself: SQLAlchemy and Pillow are large.
# ruff: noqa: PLC0415


def rename_category(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The name that categories.toml had.")],
    new: Annotated[
        str,
        typer.Argument(metavar="NEW", help="The name that it has now, or other.", callback=verdict),
    ],
) -> None:
    """Rename a category in what shops and people said of products, once categories.toml has its new name.

    The labels follow when the network learns: `python -m worker learn` right away, or a running worker by itself.

    Example: python -m db rename-category trousers formal_trousers && python -m worker learn
    """
    from db.repository.renamed_categories import rename_category as rename
    from db.session import open_database

    if old in {category.name for category in load_categories()}:
        raise typer.BadParameter(
            f"give it its new name in categories.toml first; {old!r} is a category there"
        )
    changed = rename(open_database(), old, new)
    terminal.print(f"Renamed on {changed} products. Next: `python -m worker learn`.")

"""Take products out of the records: `python -m db remove`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from db.commands.command_line import terminal

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from db.repository.removal import Removal

# `--help` is to answer at once, so that a command imports what it needs itself: SQLAlchemy and Pillow are large.
# ruff: noqa: PLC0415


def remove(
    *,
    marketplace: Annotated[
        str | None,
        typer.Option(
            "--marketplace", "--source", help="All products of this marketplace, or source of photos."
        ),
    ] = None,
    asin: Annotated[
        str | None,
        typer.Option(help="Only this product of it: its ASIN, or a photo's path as it was imported."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="The products that were imported from this file, or from the folder of that name."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove products with their reviews, and the pictures that no other product shows.

    Tells how much that is, and asks. Model versions stay as they were trained; the next training does without. What
    a crawl or an import finds again is stored again.

    Example: python -m db remove --source wardrobe --asin jeans/1.jpg

    Example: python -m db remove --file photos/trousers
    """
    from db.image_store import open_image_store
    from db.repository.removal import foresee_removal, remove_products
    from db.session import open_database

    chosen = _chosen(marketplace, asin, file)
    database = open_database()
    with database.read() as session:
        foreseen = foresee_removal(session, chosen)
    if not foreseen.products:
        terminal.print("There is no such product: `python -m db products` lists them.")
        raise typer.Exit(1)
    if not yes and not typer.confirm(f"Remove {_told(foreseen)}?", err=True):
        raise typer.Exit(1)
    from rich.progress import Progress

    with Progress(console=terminal) as progress:
        task = progress.add_task("Removing", total=foreseen.products)
        for number in remove_products(database, open_image_store(), chosen):
            progress.update(task, advance=number)
    terminal.print(f"Removed: {_told(foreseen)}.")


def _chosen(marketplace: str | None, asin: str | None, file: Path | None) -> "ColumnElement[bool]":
    from sqlalchemy import and_, or_, true

    from db.models import Product

    if (marketplace is None) == (file is None) or (asin is not None and marketplace is None):
        raise typer.BadParameter(
            "name --marketplace, or --marketplace and --asin, or --file; got another choice"
        )
    if file is not None:
        address = file.resolve().as_uri()
        return or_(Product.url == address, Product.url.startswith(f"{address}/", autoescape=True))
    return and_(Product.marketplace == marketplace, true() if asin is None else Product.asin == asin)


def _told(removal: "Removal") -> str:
    return f"{removal.products} products, {removal.pictures} pictures and {removal.reviews} reviews"

"""List products: `python -m db products`, a page of them for people, all of them for programs."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from db.categories import load_categories
from db.commands.command_line import terminal
from db.commands.options import RowFile, RowFormat, row_format
from db.pictures.codes import QualityCode

if TYPE_CHECKING:
    from db.queries.products import ProductFilter

# `--help` is to answer at once, so that a command imports what it needs itself: SQLAlchemy and Pillow are large.
# ruff: noqa: PLC0415

ROWS_OF_A_TABLE: Final = 20
LARGEST_ID: Final = 2**63 - 1


def products(
    *,
    category: Annotated[
        str | None,
        typer.Option(
            help="Only products with this label, such as saree; with --uncertain, those that are likeliest it.",
        ),
    ] = None,
    min_confidence: Annotated[
        float | None, typer.Option(min=0, max=1, help="Only labels of at least this confidence.")
    ] = None,
    uncertain: Annotated[
        bool, typer.Option("--uncertain", help="Only products without a sure label.")
    ] = False,
    disagree: Annotated[
        bool, typer.Option("--disagree", help="Only products whose label is not the listed category.")
    ] = False,
    brand: Annotated[str | None, typer.Option(help="Only this brand, spelt as the shop does.")] = None,
    marketplace: Annotated[str | None, typer.Option(help="Only this marketplace, such as amazon.in.")] = None,
    quality: Annotated[
        QualityCode | None, typer.Option(help="Only products with a picture of this quality code.")
    ] = None,
    words: Annotated[
        str | None, typer.Option(help="Only titles with all of these words, in any order and case.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many; a table shows 20.")] = None,
    after: Annotated[
        int, typer.Option(min=0, max=LARGEST_ID, help="Go on after the product with this id.")
    ] = 0,
    chosen: RowFormat = None,
    output: RowFile = None,
) -> None:
    """List products in the order of their ids, classified or not.

    The category is empty where the network is uncertain or has not been asked yet. The columns are those of
    the view classified_products, then the id, which --after takes.

    Example: python -m db products --category saree --min-confidence 0.9 --output sarees.csv
    """
    from db.queries.products import ProductFilter

    written_as = row_format(chosen, output)
    _require_label(category)
    wanted = ProductFilter(category, min_confidence, uncertain, disagree, brand, marketplace, quality, words)
    if written_as != "table":
        _write_all(wanted, limit, after, written_as, output)
    else:
        _print_page(wanted, limit, after)


def _require_label(word: str | None) -> None:
    """Accept a category, or a label that products have of the time when it was one."""
    from db.queries.products import is_label
    from db.session import open_database

    known = [category.name for category in load_categories()]
    if word is None or word in known:
        return
    with open_database().read() as session:
        if not is_label(session, word):
            raise typer.BadParameter(
                f"categories are {', '.join(known)}, and no product is labelled otherwise; got {word!r}",
                param_hint="--category",
            )


def _write_all(
    wanted: "ProductFilter", limit: int | None, after: int, written_as: str, output: Path | None
) -> None:
    from db.commands.formats import write_rows
    from db.queries.products import ProductRow, stream_products
    from db.session import open_database

    write_rows(stream_products(open_database(), wanted, after, limit), ProductRow, written_as, output)


def _print_page(wanted: "ProductFilter", limit: int | None, after: int) -> None:
    """Print a table of the products, and the command that shows the next ones if there are more."""
    from db.commands.formats import print_products
    from db.queries.products import product_page
    from db.session import open_database

    size = limit or ROWS_OF_A_TABLE
    with open_database().read() as session:
        rows = product_page(session, wanted, after, size + 1)
    print_products(rows[:size])
    if not rows:
        terminal.print("No such product. `python -m db stats` counts what there is.")
    if len(rows) > size:
        terminal.print("More:", _next_page(wanted, limit, rows[size - 1].id), soft_wrap=True, markup=False)


def _next_page(wanted: "ProductFilter", limit: int | None, after: int) -> str:
    options = {**vars(wanted), "limit": limit, "after": after}
    words = ["python", "-m", "db", "products"]
    for name, value in options.items():
        if value not in (None, False):
            words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return shlex.join(words)

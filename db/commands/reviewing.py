"""Say what products are, and take it back: `python -m db review` and `reviews`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from db.categories import load_categories
from db.commands.command_line import terminal
from db.commands.options import RowFile, RowFormat, person, row_format, verdict
from db.errors import ReviewFileError
from db.queries.review_order import Why

if TYPE_CHECKING:
    from db.models import Product

# `--help` is to answer at once, so that a command imports what it needs itself: SQLAlchemy and Pillow are large.
# ruff: noqa: PLC0415

ROWS_OF_A_TABLE = 20


_Marketplace = Annotated[
    str | None, typer.Argument(metavar="MARKETPLACE", help="The product's marketplace, such as amazon.in.")
]
_Asin = Annotated[
    str | None, typer.Argument(metavar="ASIN", help="The product's ASIN; for a photo its path in the folder.")
]
_Category = Annotated[
    str | None,
    typer.Argument(
        metavar="CATEGORY", callback=verdict, help="What it is; `other` is none of the categories."
    ),
]
_Reviewer = Annotated[
    str | None, typer.Option(callback=person, metavar="NAME", help="Who says so; kept with the verdict.")
]
_Why = Annotated[
    Why | None, typer.Option(help="Why you were asked, as `to-review` says; a random one tests the network.")
]
_Withdraw = Annotated[
    bool, typer.Option("--withdraw", help="Take the latest verdict back; with --reviewer, that person's.")
]
_File = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="FILE.csv",
        exists=True,
        dir_okay=False,
        help="Record many: columns marketplace, asin, category, and reviewer and why if you like; all or none.",
    ),
]


def review(
    marketplace: _Marketplace = None,
    asin: _Asin = None,
    category: _Category = None,
    *,
    reviewer: _Reviewer = None,
    why: _Why = None,
    withdraw: _Withdraw = False,
    file: _File = None,
) -> None:
    """Record your verdict on a product's category; it wins over the network from now on.

    Nothing is deleted: a verdict that is taken back stays in `python -m db reviews`, and the label is the one
    that would stand without it. A file that is given twice is recorded once.

    Example: python -m db review amazon.in B0EXAMPLE1 jeans --reviewer asha

    Example: python -m db review amazon.in B0EXAMPLE1 --withdraw
    """
    words = (marketplace, asin, category)
    if file is not None:
        if any(words) or withdraw or why:
            raise typer.BadParameter(
                f"--from takes no product, --why or --withdraw; got {_got((*words, why))}"
            )
        _record_file(file, reviewer)
    elif marketplace is None or asin is None or (category is None) != withdraw:
        raise typer.BadParameter(
            "name MARKETPLACE ASIN CATEGORY, or MARKETPLACE ASIN --withdraw, or --from FILE.csv; "
            f"got {_got(words)}"
        )
    elif category is None:
        _take_back(marketplace, asin, reviewer)
    else:
        _record(marketplace, asin, category, reviewer, why)


def to_review(
    *,
    order: Annotated[
        Literal["auto", "new", "contradicted", "unsure", "random"],
        typer.Option(help="What comes first; auto: whatever a verdict is worth most on."),
    ] = "auto",
    marketplace: Annotated[str | None, typer.Option(help="Only of this marketplace.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 16,
    chosen: RowFormat = None,
    output: RowFile = None,
) -> None:
    """List the products whose verdict is worth most, best first, each with why.

    A new source comes first: its first sixteen verdicts teach most. Then what the network sees otherwise than the
    shop, the surest first; then what it is least sure of; and every twentieth is a random one, which tells
    without bias how right the labels are.

    Example: python -m db to-review --marketplace amazon.in --limit 32
    """
    from db.commands.formats import print_to_review, write_rows
    from db.queries.to_review import Order, ToReview, products_to_review
    from db.session import open_database

    written_as = row_format(chosen, output)
    with open_database().read() as session:
        rows = products_to_review(session, Order(order), marketplace, limit)
    if written_as == "table" and not rows:
        terminal.print("Nothing to review: the network has labelled nothing yet, or every verdict is given.")
    elif written_as == "table":
        print_to_review(rows)
        terminal.print("Your verdict: `python -m db review MARKETPLACE ASIN CATEGORY`.")
    else:
        write_rows(rows, ToReview, written_as, output)


def reviews(
    *,
    marketplace: Annotated[str | None, typer.Option(help="Only of this marketplace.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many; a table shows 20.")] = None,
    chosen: RowFormat = None,
    output: RowFile = None,
) -> None:
    """List every verdict in the order of giving: who gave it, when, and whether it still counts.

    Example: python -m db reviews --format csv --output verdicts.csv
    """
    from db.commands.formats import print_reviews, write_rows
    from db.queries.review_history import ReviewRow, stream_reviews
    from db.session import open_database

    written_as = row_format(chosen, output)
    if written_as == "table":
        rows = list(stream_reviews(open_database(), marketplace, limit or ROWS_OF_A_TABLE))
        print_reviews(rows)
        if not rows:
            terminal.print("No verdict yet: `python -m db to-review` lists what to look at first.")
    else:
        write_rows(stream_reviews(open_database(), marketplace, limit), ReviewRow, written_as, output)


def _record(marketplace: str, asin: str, category: str, reviewer: str | None, why: str | None) -> None:
    from db.repository.reviews import Verdict, record_reviews
    from db.session import open_database

    with open_database().write() as session:
        record_reviews(session, [Verdict(marketplace, asin, category, reviewer, why)], load_categories())
    terminal.print(f"{marketplace} {asin} is reviewed: {category}.", soft_wrap=True, markup=False)


def _record_file(file: Path, reviewer: str | None) -> None:
    from db.datasets.review_file import read_review_file
    from db.repository.reviews import record_reviews
    from db.session import open_database

    try:
        found = read_review_file(file, load_categories(), reviewer)
    except ReviewFileError as error:
        raise typer.BadParameter(str(error)) from error
    with open_database().write() as session:
        recorded = record_reviews(session, found.verdicts, load_categories(), batch=found.digest)
    known = len(found.verdicts) - recorded
    terminal.print(f"Recorded: {recorded} verdicts{f'; {known} were recorded before' if known else ''}.")


def _take_back(marketplace: str, asin: str, reviewer: str | None) -> None:
    from db.models import Product
    from db.repository.reviews import withdraw_review
    from db.session import open_database

    with open_database().write() as session:
        category = withdraw_review(session, marketplace, asin, reviewer)
        product = session.query(Product).filter_by(marketplace=marketplace, asin=asin).one()
        label = _label(product)
    terminal.print(f"{marketplace} {asin}: {category} is taken back; {label}.", soft_wrap=True, markup=False)


def _label(product: "Product") -> str:
    if product.uncertain is None:
        return "it has no label now"
    if product.uncertain:
        return "its label is uncertain now"
    by = "an earlier verdict" if product.confidence is None else f"model version {product.label_version_id}"
    return f"{by} says {product.category or 'other'}"


def _got(words: tuple[str | None, ...]) -> str:
    return " ".join(word for word in words if word) or "none of them"

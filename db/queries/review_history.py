"""Every verdict that was given, in the order of giving."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.models import Product, Review
from db.queries.products import first_image
from db.session import Database
from db.states.label_evidence import latest_reviews, stands

PAGE = 1000
"""Verdicts read in one statement when all are streamed."""

_LENGTH_OF_UUID: Final = 36
"""Characters of the batches that a page names; a file's is its SHA-256."""


@dataclass(frozen=True)
class ReviewRow:
    """One verdict; its id is the cursor.

    Attributes:
        why: why the product was asked about; None where nobody was asked.
        withdrawn_at: when it was taken back; None while it stands.
        counts: whether it is the one that labels its product.
    """

    marketplace: str
    asin: str
    category: str
    reviewer: str | None
    why: str | None
    created_at: datetime
    withdrawn_at: datetime | None
    counts: bool
    id: int


def review_page(
    session: Session, marketplace: str | None = None, after: int = 0, size: int = PAGE
) -> list[ReviewRow]:
    """Read the next verdicts after the id `after`, at most `size`."""
    return [ReviewRow(*row) for row in session.execute(_statement(marketplace, after, size))]


def stream_reviews(
    database: Database, marketplace: str | None = None, limit: int | None = None
) -> Iterator[ReviewRow]:
    """Read all verdicts in constant memory; no transaction stays open between pages."""
    after, left = 0, limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        with database.read() as session:
            page = review_page(session, marketplace, after, size)
        yield from page
        if len(page) < size:
            return
        after, left = page[-1].id, None if left is None else left - size


@dataclass(frozen=True)
class GivenVerdict:
    """A verdict that stands and that was sent by a page, which can be taken back by batch and place.

    Attributes:
        why: why the product was asked about; None where nobody was asked.
        image_sha256: of the product's first picture; None where it has none.
    """

    batch: str
    place: int
    marketplace: str
    asin: str
    title: str | None
    category: str
    why: str | None
    image_sha256: str | None
    likeliest: str | None
    listed_category: str | None


def latest_given(session: Session, limit: int = 10) -> list[GivenVerdict]:
    """List the latest verdicts that pages have sent and that stand, the latest first."""
    rows = session.execute(
        select(
            func.coalesce(Review.batch, ""), Review.place, Product.marketplace, Product.asin, Product.title,
            Review.category, Review.why, first_image(), Product.likeliest, Product.listed_category,
        )
        .join(Product, Product.id == Review.product_id)
        .where(Review.batch.is_not(None), func.length(Review.batch) == _LENGTH_OF_UUID, stands())
        .order_by(Review.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [GivenVerdict(*values) for values in map(tuple, rows)]


@dataclass(frozen=True)
class BatchCount:
    """How many verdicts came together, and how many of them stand; `category` is what they say, None if several."""

    given: int
    standing: int
    category: str | None


def count_batch(session: Session, batch: str) -> BatchCount:
    """Count the verdicts of a batch; none where there is no such one."""
    rows = session.execute(select(Review.category, Review.withdrawn_at).where(Review.batch == batch)).all()
    words = {category for category, _ in rows}
    return BatchCount(
        len(rows), sum(withdrawn is None for _, withdrawn in rows), words.pop() if len(words) == 1 else None
    )


def _statement(
    marketplace: str | None, after: int, size: int
) -> Select[str, str, str, str | None, str | None, datetime, datetime | None, bool, int]:
    counts = Review.id.in_(latest_reviews().where(Review.product_id == Product.id).correlate(Product))
    statement = (
        select(
            Product.marketplace, Product.asin, Review.category, Review.reviewer, Review.why,
            Review.created_at, Review.withdrawn_at, counts, Review.id,
        )
        .join(Product, Product.id == Review.product_id)
        .where(Review.id > after)
        .order_by(Review.id)
        .limit(size)
    )  # fmt: skip
    return statement if marketplace is None else statement.where(Product.marketplace == marketplace)

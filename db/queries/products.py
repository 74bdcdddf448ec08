"""Products as people read them: filtered, in the order of their ids, a page at a time."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    case,
    exists,
    func,
    literal,
    literal_column,
    null,
    select,
    true,
)
from sqlalchemy.orm import Session

from db.categories import OTHER
from db.index_conditions import DISAGREES
from db.models import Image, LabelChange, ModelVersion, Product, ProductImage
from db.pictures.codes import QualityCode
from db.queries.approaches import Approach, look_up
from db.rows import in_chunks
from db.session import Database

PAGE: Final = 1000
"""Products read in one statement when all are streamed."""


@dataclass(frozen=True)
class ProductFilter:
    """Which products are wanted; None and False ask for all of them.

    Attributes:
        category: the label, as the view's column `category`; of what is uncertain the likeliest category.
        min_confidence: 0 to 1; products labelled by a review have no confidence and are left out.
        uncertain: only those whose label is uncertain.
        disagree: only those whose label, or whose review, is another than the listed category.
        brand: spelt exactly as the shop does; likewise marketplace.
        quality: only those with a picture that has this quality code.
        words: only those whose title has all of these words, in any order and case.
        changed_by: only those whose label this model version has changed since it was last activated.
    """

    category: str | None = None
    min_confidence: float | None = None
    uncertain: bool = False
    disagree: bool = False
    brand: str | None = None
    marketplace: str | None = None
    quality: QualityCode | None = None
    words: str | None = None
    changed_by: int | None = None


@dataclass(frozen=True)
class ProductRow:
    """One product: the columns of the view classified_products, then its id, which is the cursor.

    For an unclassified product category, confidence, uncertain, decided_by and model_version are None. Where no label
    is claimed, `likeliest` is what it would be, and `why_uncertain` says why it is not: `unsure`, its probability is
    too low, or `unfamiliar`, the network has hardly seen the like of it.
    """

    marketplace: str
    asin: str
    title: str | None
    brand: str | None
    price: Decimal | None
    currency: str | None
    rating: float | None
    review_count: int | None
    url: str | None
    listed_category: str | None
    category: str | None
    confidence: float | None
    likeliest: str | None
    uncertain: bool | None
    why_uncertain: str | None
    decided_by: str | None
    model_version: int | None
    image_sha256: str | None
    classified_at: datetime | None
    last_seen_at: datetime
    id: int


COLUMNS: Final = tuple(field.name for field in fields(ProductRow))


def product_page(
    session: Session, wanted: ProductFilter, after: int = 0, size: int = PAGE
) -> list[ProductRow]:
    """Read the next products after the id `after`, at most `size`; the last one's id is the next cursor."""
    rows = session.execute(page_statement(wanted, after, size, find_approach(session, wanted))).mappings()
    return [ProductRow(**row) for row in rows]


def stream_products(
    database: Database, wanted: ProductFilter, after: int = 0, limit: int | None = None
) -> Iterator[ProductRow]:
    """Read all wanted products after that id in constant memory; no transaction stays open between pages."""
    while limit is None or limit > 0:
        size = PAGE if limit is None else min(PAGE, limit)
        with database.read() as session:
            page = product_page(session, wanted, after, size)
        yield from page
        if len(page) < size:
            return
        after = page[-1].id
        limit = None if limit is None else limit - size


def page_statement(wanted: ProductFilter, after: int, size: int, approach: Approach) -> Select[Any]:
    """Build the statement of one page; every filter has an index that ends with the id, or an approach."""
    return (
        select(*product_columns())
        .where(Product.id > after, *conditions(wanted, approach))
        .order_by(Product.id)
        .limit(size)
    )


def product_columns() -> list[ColumnElement[Any]]:
    """Give what is selected for a ProductRow, named like its fields."""
    columns: dict[str, Any] = {
        **{name: getattr(Product, name) for name in COLUMNS if hasattr(Product, name)},
        "why_uncertain": why_uncertain(),
        "decided_by": case(
            (Product.uncertain.is_(None), null()),
            (Product.confidence.is_(None), literal("review", String)),
            else_=literal("model", String),
        ),
        "model_version": Product.label_version_id,
        "image_sha256": first_image(),
    }
    return [columns[name].label(name) for name in COLUMNS]


def why_uncertain() -> ColumnElement[str | None]:
    """Give why a product's label is not claimed, as a column: see ProductRow."""
    threshold = (
        select(ModelVersion.threshold)
        .where(ModelVersion.id == Product.label_version_id)
        .correlate(Product)
        .scalar_subquery()
    )
    return case(
        (Product.uncertain.is_not(true()), null()),
        (Product.confidence < threshold, literal("unsure", String)),
        else_=literal("unfamiliar", String),
    )


def first_image() -> ColumnElement[str]:
    """Give the SHA-256 of a product's first picture, as a column."""
    return (
        select(Image.sha256)
        .join(ProductImage, ProductImage.image_id == Image.id)
        .where(ProductImage.product_id == Product.id)
        .order_by(ProductImage.position, ProductImage.id)
        .limit(1)
        .correlate(Product)
        .scalar_subquery()
    )


def find_approach(session: Session, wanted: ProductFilter) -> Approach:
    """Look how common what a filter asks for is; once a session, as that reads up to some thousand rows."""
    known: dict[ProductFilter, Approach] = session.info.setdefault("approaches", {})
    if wanted not in known:
        known[wanted] = look_up(session, wanted.quality, wanted.words)
    return known[wanted]


def is_label(session: Session, word: str) -> bool:
    """Say whether a product has the label, or is likeliest it."""
    return any(
        session.scalar(select(exists().where(column == word)))
        for column in (Product.category, Product.likeliest)
    )


def keys_of(session: Session, product_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Give marketplace and ASIN of those of the products that are there, by their ids."""
    found: dict[int, tuple[str, str]] = {}
    for chunk in in_chunks(product_ids):
        rows = select(Product.id, Product.marketplace, Product.asin).where(Product.id.in_(chunk))
        found |= {product_id: (marketplace, asin) for product_id, marketplace, asin in session.execute(rows)}
    return found


def conditions(wanted: ProductFilter, approach: Approach) -> Iterator[ColumnElement[bool]]:
    """Give the conditions of a filter on products."""
    if wanted.category is not None:  # what is uncertain has no label, but a likeliest category
        yield (Product.likeliest if wanted.uncertain else Product.category) == wanted.category
    if wanted.min_confidence is not None:
        yield Product.confidence >= wanted.min_confidence
    if wanted.uncertain:
        yield Product.uncertain == true()
    if wanted.disagree:
        yield literal_column(DISAGREES)  # word for word, else the partial index is not used
    if wanted.brand is not None:
        yield Product.brand == wanted.brand
    if wanted.marketplace is not None:
        yield Product.marketplace == wanted.marketplace
    if wanted.quality is not None:
        yield approach.shows(wanted.quality)
    if wanted.words is not None:
        yield approach.is_titled()
    if wanted.changed_by is not None:
        yield Product.label_version_id == wanted.changed_by
        yield Product.id.in_(changed_labels(wanted.changed_by))


def changed_labels(version_id: int) -> Select[int]:
    """Select the ids of products whose label was replaced since a version was last activated."""
    since = select(ModelVersion.activated_at).where(ModelVersion.id == version_id).scalar_subquery()
    return select(LabelChange.product_id).where(LabelChange.replaced_at >= since)


def labels_before(session: Session, version_id: int, product_ids: Collection[int]) -> dict[int, str]:
    """Give the label that each product had when a version was last activated: a category, `other` or `uncertain`."""
    rows = session.execute(
        select(LabelChange.product_id, LabelChange.category, LabelChange.uncertain).where(
            LabelChange.product_id.in_(product_ids),
            LabelChange.id.in_(_first_changes(version_id, product_ids)),
        )
    )
    return {
        product_id: "uncertain" if uncertain else category or OTHER
        for product_id, category, uncertain in rows
    }


def _first_changes(version_id: int, product_ids: Collection[int]) -> Select[int]:
    of_these = LabelChange.product_id.in_(product_ids)
    since = select(ModelVersion.activated_at).where(ModelVersion.id == version_id).scalar_subquery()
    return (
        select(func.min(LabelChange.id))
        .where(of_these, LabelChange.replaced_at >= since)
        .group_by(LabelChange.product_id)
    )

"""Take products out of the records, with their reviews and with the pictures that nothing else shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.image_store import ImageStore
from db.models import Image, Product, ProductImage, Review
from db.repository.labels import refresh_labels
from db.session import Database

BATCH: Final = 500
"""Products removed in one transaction."""


@dataclass(frozen=True)
class Removal:
    """How much goes with the products."""

    products: int
    pictures: int
    reviews: int


def foresee_removal(session: Session, chosen: ColumnElement[bool]) -> Removal:
    """Count what removing the products would take; a picture that a product which stays shows too is left out."""
    ids = select(Product.id).where(chosen)
    shown = select(ProductImage.image_id).where(ProductImage.product_id.in_(ids))
    elsewhere = exists().where(ProductImage.image_id == Image.id, ProductImage.product_id.not_in(ids))
    return Removal(
        products=_count(session, Product.id, chosen),
        pictures=_count(session, Image.id, Image.id.in_(shown) & ~elsewhere),
        reviews=_count(session, Review.id, Review.product_id.in_(ids)),
    )


def remove_products(database: Database, store: ImageStore, chosen: ColumnElement[bool]) -> Iterator[int]:
    """Remove the products, their reviews and pictures; give the size of batch after batch once it is committed.

    Crawls and workers may run meanwhile: a crawl that finds such a product later stores it anew.
    """
    while True:
        with database.write() as session:
            ids = session.scalars(
                select(Product.id).where(chosen).order_by(Product.id).limit(BATCH).with_for_update()
            ).all()
            _remove(session, store, ids)
        if not ids:
            return
        yield len(ids)


def _remove(session: Session, store: ImageStore, product_ids: Sequence[int]) -> None:
    shown = session.scalars(
        select(ProductImage.image_id)
        .distinct()
        .where(ProductImage.product_id.in_(product_ids), ProductImage.image_id.is_not(None))
    ).all()
    session.execute(delete(Product).where(Product.id.in_(product_ids)))
    shown_still = exists().where(ProductImage.image_id == Image.id)
    gone = delete(Image).where(Image.id.in_(shown), ~shown_still).returning(Image.sha256)
    for sha256 in session.scalars(gone).all():
        store.forget(sha256)
    # Of a picture that too many products shared to tell anything, few enough may be left.
    sharing = select(ProductImage.product_id).distinct().where(ProductImage.image_id.in_(shown))
    refresh_labels(session, set(session.scalars(sharing)))


def _count(session: Session, column: InstrumentedAttribute[int], condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(column)).where(condition)) or 0

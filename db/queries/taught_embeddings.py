"""Labelled pictures as a body sees them: what a head can be fitted to at once, however many products there are."""

from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.categories import OTHER
from db.models import Embedding, Image, Product, ProductImage, Review, Split
from db.rows import in_chunks
from db.states.image_states import is_set_aside
from db.states.label_evidence import SHARED_BY_AT_MOST, latest_reviews, stands

_ALL_OF: Final = 8000
"""Ids of products of which all are read; of more some are drawn."""


@dataclass(frozen=True)
class TaughtEmbedding:
    """A picture of a labelled product outside the test split.

    Attributes:
        category: the latest review's verdict, else the listed category.
        reviewed: whether a person gave it.
        vector: int8 (width,) as bytes.
    """

    product_id: int
    category: str
    reviewed: bool
    vector: bytes


def taught_embeddings(session: Session, body_id: int, product_ids: Collection[int]) -> list[TaughtEmbedding]:
    """Read what a body has made of the pictures of these products, as far as they have labels; a row a picture."""
    return [
        TaughtEmbedding(*row)
        for chunk in in_chunks(sorted(product_ids))
        for row in session.execute(_statement(body_id, chunk))
    ]


def draw_products(session: Session, seed: int = 0) -> list[int]:
    """Draw ids of products, each as likely as every other; all of them where they are few."""
    first, last = session.execute(select(func.min(Product.id), func.max(Product.id))).one()
    if last is None:
        return []
    if last - first < _ALL_OF:
        return list(range(first, last + 1))
    return sorted(Random(seed).sample(range(first, last + 1), _ALL_OF))  # noqa: S311 - a sample, no secret


def reviewed_lately(session: Session, most: int) -> set[int]:
    """Give the ids of the products under the latest verdicts that stand."""
    return set(
        session.scalars(select(Review.product_id).where(stands()).order_by(Review.id.desc()).limit(most))
    )


def _statement(body_id: int, product_ids: Collection[int]) -> Select[int, str, bool, bytes]:
    latest = latest_reviews().where(Review.product_id.in_(product_ids)).subquery()
    verdicts = select(Review.product_id, Review.category).join(latest, latest.c.id == Review.id).subquery()
    label = func.coalesce(verdicts.c.category, Product.listed_category)
    shared_by = (
        select(func.count(ProductImage.product_id.distinct()))
        .where(ProductImage.image_id == Image.id)
        .correlate(Image)
        .scalar_subquery()
    )
    return (
        select(Product.id, label, verdicts.c.category.is_not(None), Embedding.vector)
        .join(ProductImage, ProductImage.product_id == Product.id)
        .join(Image, Image.id == ProductImage.image_id)
        .join(Embedding, (Embedding.image_id == Image.id) & (Embedding.body_id == body_id))
        .outerjoin(verdicts, verdicts.c.product_id == Product.id)
        .where(
            Product.id.in_(product_ids),
            func.coalesce(Product.split, Split.TRAIN) != Split.TEST,
            label != OTHER,
            ~is_set_aside(),
            shared_by <= SHARED_BY_AT_MOST,
        )
        .order_by(Product.id, Image.id)
    )


def count_moves(session: Session) -> int:
    """Count verdicts and withdrawals: the number only grows, and tells how much came since it was asked for."""
    counted = select(func.count(Review.id), func.count(Review.withdrawn_at))
    return sum(session.execute(counted).one())

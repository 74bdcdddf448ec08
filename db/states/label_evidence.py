"""What a product's label rests on: which of its reviews counts, and which of its pictures."""

from typing import Final

from sqlalchemy import ColumnElement, Select, func, select

from db.models import ProductImage, Review

SHARED_BY_AT_MOST: Final = 5
"""Products; a picture shown by more, such as a size chart, says nothing of any of them."""


def is_shared_by_few() -> ColumnElement[bool]:
    """Select, of product images grouped by their image, those that say something of the products that show them."""
    return func.count(ProductImage.product_id.distinct()) <= SHARED_BY_AT_MOST


def stands() -> ColumnElement[bool]:
    """Select reviews that were not withdrawn."""
    return Review.withdrawn_at.is_(None)


def latest_reviews() -> Select[int]:
    """Give the ids of the reviews that count: of each product the latest that stands."""
    return select(func.max(Review.id).label("id")).where(stands()).group_by(Review.product_id)

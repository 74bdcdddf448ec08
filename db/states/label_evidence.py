"""What a product's label rests on: which of its reviews counts, and which of its pictures."""

from typing import Final

from sqlalchemy import ColumnElement, Select, func, select

from db.models import ProductImage, Review

SHARED_BY_AT_MOST: Final = 5
"""Products; a picture shown by more, such as a size chart, says nothing of any of them."""


def is_shared_by_few() -> ColumnElement[bool]:
    """Select, of product images grouped by their image, those that say something of the products that show them."""
    return func.count(ProductImage.product_id.distinct()) <= SHARED_BY_AT_MOST


def latest_reviews() -> Select[int]:
    """Give the ids of the reviews that count: the latest of each product."""
    return select(func.max(Review.id).label("id")).group_by(Review.product_id)

"""The pictures of a source that lie in the folders of several categories, and so label nothing."""

from collections import defaultdict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Product, ProductImage


def contradicting_photos(session: Session, source: str) -> list[list[str]]:
    """List the ASINs, in order, of each picture that products of different listed categories show."""
    theirs = (
        select(ProductImage.image_id)
        .join(Product, Product.id == ProductImage.product_id)
        .where(Product.marketplace == source, ProductImage.image_id.is_not(None))
        .group_by(ProductImage.image_id)
        .having(func.count(Product.listed_category.distinct()) > 1)
    )
    rows = session.execute(
        select(ProductImage.image_id, Product.asin)
        .distinct()
        .join(Product, Product.id == ProductImage.product_id)
        .where(Product.marketplace == source, ProductImage.image_id.in_(theirs))
        .order_by(Product.asin)
    )
    shown = defaultdict(list)
    for image_id, asin in rows:
        shown[image_id].append(asin)
    return list(shown.values())

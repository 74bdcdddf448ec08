"""Products whose pictures look like one, as rows of a grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Image, Product, ProductImage
from db.queries.products import ProductRow, product_columns


@dataclass(frozen=True)
class SimilarProduct(ProductRow):
    """A product, shown by its picture that looks most like the one that was asked about.

    Attributes:
        similarity: of that picture, -1 to 1.
    """

    similarity: float


def similar_products(
    session: Session, image_id: int, similarities: Mapping[int, float], limit: int
) -> list[SimilarProduct]:
    """List the products that show pictures, each once, the most similar first.

    Args:
        session: of a read.
        image_id: the picture that was asked about; the products that show it are left out.
        similarities: by the ids of images, the nearest first.
        limit: at most so many.
    """
    own = select(ProductImage.product_id).where(ProductImage.image_id == image_id)
    shown = session.execute(
        select(ProductImage.image_id, Image.sha256, func.min(ProductImage.product_id))
        .join(Image, Image.id == ProductImage.image_id)
        .where(ProductImage.image_id.in_(list(similarities)), ProductImage.product_id.not_in(own))
        .group_by(ProductImage.image_id, Image.sha256)
    ).all()
    first_product = {found: (sha256, product_id) for found, sha256, product_id in shown}
    nearest: dict[int, tuple[str, float]] = {}
    for found, similarity in similarities.items():
        if found in first_product and found != image_id and len(nearest) < limit:
            sha256, product_id = first_product[found]
            nearest.setdefault(product_id, (sha256, similarity))
    return _rows(session, list(nearest), nearest)


def _rows(
    session: Session, product_ids: Sequence[int], nearest: Mapping[int, tuple[str, float]]
) -> list[SimilarProduct]:
    statement = select(*product_columns()).where(Product.id.in_(product_ids))
    found = {row["id"]: row for row in session.execute(statement).mappings()}
    return [
        SimilarProduct(
            **{**found[each], "image_sha256": nearest[each][0]}, similarity=round(nearest[each][1], 4)
        )
        for each in product_ids
        if each in found
    ]

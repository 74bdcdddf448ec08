"""The pictures of one product, those that were refused too, in the order of the shop."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import Executable, bindparam, func, select
from sqlalchemy.orm import Session

from db.models import Image, ProductImage
from db.pictures.codes import QualityCode, Reason
from db.states.label_evidence import SHARED_BY_AT_MOST

_LOOKED_AT: Final = 50
"""Links of a picture; a size chart has a hundred thousand."""


@dataclass(frozen=True)
class ShownPicture:
    """One address at which a product shows a picture.

    Attributes:
        image_id: None where the picture was refused; then all is None that is told from bytes.
        reason: why it was refused, or set aside.
        quality: what is poor about it.
        counts: whether it says something of the product: not where many products show it.
    """

    url: str
    checked_at: datetime
    image_id: int | None
    sha256: str | None
    width: int | None
    height: int | None
    reason: Reason | None
    quality: tuple[QualityCode, ...]
    counts: bool


def product_pictures(session: Session, product_id: int) -> list[ShownPicture]:
    """List the pictures of a product."""
    rows = session.execute(_statement(), {"product_id": product_id})
    return [ShownPicture(**{**row, "quality": row["quality"] or ()}) for row in rows.mappings()]


@cache
def _statement() -> Executable:
    """Build the statement, once."""
    links = (
        select(ProductImage.product_id)
        .where(ProductImage.image_id == Image.id)
        .limit(_LOOKED_AT)
        .correlate(Image)
        .subquery()
    )
    sharing = select(func.count(links.c.product_id.distinct())).scalar_subquery()
    return (
        select(
            ProductImage.url, ProductImage.checked_at, ProductImage.image_id, Image.sha256, Image.width,
            Image.height, func.coalesce(Image.reason, ProductImage.reason).label("reason"),
            Image.quality,
            (sharing <= SHARED_BY_AT_MOST).label("counts"),
        )
        .outerjoin(Image, Image.id == ProductImage.image_id)
        .where(ProductImage.product_id == bindparam("product_id"))
        .order_by(ProductImage.position, ProductImage.id)
    )  # fmt: skip

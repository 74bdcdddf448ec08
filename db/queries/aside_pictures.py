"""The pictures of one reason: those that are set aside, and the addresses whose picture was refused."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Image, Product, ProductImage
from db.pictures.codes import Reason
from db.queries.counting import Counter


@dataclass(frozen=True)
class ReasonCount:
    """How many pictures have a reason.

    Attributes:
        kind: `set aside` of stored pictures, `refused` of addresses.
        estimated: whether there are so many that PostgreSQL's estimate was asked.
    """

    kind: str
    reason: Reason
    pictures: int
    estimated: bool


@dataclass(frozen=True)
class AsidePicture:
    """One of them; its id is the cursor.

    Attributes:
        sha256: of a stored picture, whose number is `id`; None where it was refused, then `id` is its link's.
        url: where the shop shows it; the first of several.
        checked_at: when that address was looked at last.
        marketplace: of the product that shows it, the first of several; likewise its ASIN and title.
    """

    reason: Reason
    sha256: str | None
    url: str | None
    checked_at: datetime | None
    marketplace: str | None
    asin: str | None
    title: str | None
    id: int


def count_reasons(session: Session) -> list[ReasonCount]:
    """Count the pictures that are set aside, then those that were refused, by reason."""
    counter = Counter(session)
    columns = {"set aside": Image.reason, "refused": ProductImage.reason}
    return [
        ReasonCount(kind, Reason(word), number, f"{kind}: {word}" in counter.estimated)
        for kind, column in columns.items()
        for word, number in counter.by_word(kind, column).items()
    ]


def set_aside_page(session: Session, reason: Reason, after: int, size: int) -> list[AsidePicture]:
    """Read the next pictures that are set aside for a reason, after the image `after`."""
    some = (
        select(Image.id, Image.sha256)
        .where(Image.reason == reason, Image.id > after)
        .order_by(Image.id)
        .limit(size)
        .subquery()
    )
    first = (
        select(func.min(ProductImage.id))
        .where(ProductImage.image_id == some.c.id)
        .correlate(some)
        .scalar_subquery()
    )
    rows = session.execute(
        select(some.c.sha256, ProductImage.url, ProductImage.checked_at, *_OF_PRODUCT, some.c.id)
        .select_from(some)
        .outerjoin(ProductImage, ProductImage.id == first)
        .outerjoin(Product, Product.id == ProductImage.product_id)
        .order_by(some.c.id)
    )
    return [AsidePicture(reason, *row) for row in rows]


def refused_page(session: Session, reason: Reason, after: int, size: int) -> list[AsidePicture]:
    """Read the next addresses whose picture was refused for a reason, after the link `after`."""
    rows = session.execute(
        select(ProductImage.url, ProductImage.checked_at, *_OF_PRODUCT, ProductImage.id)
        .join(Product, Product.id == ProductImage.product_id)
        .where(ProductImage.reason == reason, ProductImage.id > after)
        .order_by(ProductImage.id)
        .limit(size)
    )
    return [AsidePicture(reason, None, *row) for row in rows]


_OF_PRODUCT = (Product.marketplace, Product.asin, Product.title)

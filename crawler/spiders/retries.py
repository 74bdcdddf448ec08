"""Which refused pictures a retry fetches again."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from sqlalchemy import Row, select

from crawler.items import PictureRetry
from crawler.pages.amazon.image_addresses import ImageAddress
from db.models import Product, ProductImage
from db.pictures.codes import Reason
from db.session import Database

_ROWS_AT_ONCE: Final = 500


def refused_pictures(database: Database, marketplace: str, reason: Reason) -> Iterator[PictureRetry]:
    """Yield the marketplace's pictures that were refused for the reason, a product's together.

    Pictures that were imported from a folder have no web address and are left out. Reads in steps, each in a
    transaction of its own: rows that change meanwhile are not seen twice.
    """
    after = 0
    while rows := _rows(database, marketplace, reason, after):
        after = max(row.id for row in rows)
        for asin, pictures in groupby(sorted(rows, key=lambda row: row.asin), key=lambda row: row.asin):
            of_product = list(pictures)
            yield PictureRetry(
                marketplace,
                asin,
                images=tuple(ImageAddress(row.url, row.fallback) for row in of_product),
                positions=tuple(row.position for row in of_product),
            )


def _rows(
    database: Database, marketplace: str, reason: Reason, after: int
) -> Sequence[Row[int, str, str, str | None, int]]:
    with database.read() as session:
        return session.execute(
            select(
                ProductImage.id, Product.asin, ProductImage.url, ProductImage.fallback, ProductImage.position
            )
            .join(Product, Product.id == ProductImage.product_id)
            .where(
                Product.marketplace == marketplace,
                ProductImage.reason == reason,
                ProductImage.image_id.is_(None),
                ProductImage.url.startswith("http"),
                ProductImage.id > after,
            )
            .order_by(ProductImage.id)
            .limit(_ROWS_AT_ONCE)
        ).all()

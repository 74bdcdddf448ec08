"""Commit a batch of items in one transaction; try again where the database was only busy."""

import logging
import time
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import select, tuple_
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from crawler.errors import DatabaseFailedError
from crawler.items import FetchedPicture, GatedItem, ProductItem, SavedItem
from db.errors import RecordsError
from db.image_store import ImageStore
from db.models import Image, Product
from db.repository.found_products import FoundPicture, FoundProduct, Listing, save_products
from db.session import Database

DATABASE_ERRORS: Final = (SQLAlchemyError, RecordsError, OSError)
"""What the use of broken records raises; OSError where there is no folder or socket."""

_PAUSES_SECONDS: Final = (0.1, 0.5, 2.0)
_TRANSIENT_STATES: Final = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL: serialisation failure, deadlock, lock not available."""

_logger = logging.getLogger(__name__)


def database_failure(error: BaseException) -> DatabaseFailedError:
    """Say on one line what the database had against it."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return DatabaseFailedError(" ".join(str(cause).split()) or type(cause).__name__)


def save_batch(
    database: Database, store: ImageStore, batch: Sequence[GatedItem], crawl_run_id: int | None
) -> list[SavedItem]:
    """Commit the items in one transaction, up to four times while others hold the database.

    Raises:
        SQLAlchemyError: the database refused, for good.
        ImageStoreError: the bytes could not be stored.
    """
    for pause_seconds in _PAUSES_SECONDS:
        try:
            return _save_once(database, store, batch, crawl_run_id)
        except OperationalError as error:
            if not is_transient(error):
                raise
            _logger.warning("the database is busy (%s); trying again in %g s", error.orig, pause_seconds)
            time.sleep(pause_seconds)
    return _save_once(database, store, batch, crawl_run_id)


def is_transient(error: OperationalError) -> bool:
    """Say whether the same transaction may succeed in a moment: a lock, a deadlock, a lost connection."""
    if error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _TRANSIENT_STATES:
        return True
    return str(getattr(error.orig, "sqlite_errorname", "")).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _save_once(
    database: Database, store: ImageStore, batch: Sequence[GatedItem], crawl_run_id: int | None
) -> list[SavedItem]:
    shas = {p.picture.sha256 for gated in batch for _, p in gated.pictures if p.picture is not None}
    with database.write() as session:
        known_products = _known_products(session, batch)
        known_images = _image_ids(session, shas)
        found = [_found_product(gated, known_images) for gated in batch]
        save_products(session, found, store, crawl_run_id)
        new_images = _image_ids(session, shas - known_images.keys())
    return [
        SavedItem(
            item=gated.item,
            is_new=(gated.item.marketplace, gated.item.asin) not in known_products,
            image_ids=tuple(
                new_images[p.picture.sha256]
                for _, p in gated.pictures
                if p.picture is not None and p.picture.sha256 in new_images
            ),
        )
        for gated in batch
    ]


def _known_products(session: Session, batch: Sequence[GatedItem]) -> set[tuple[str, str]]:
    keys = sorted({(gated.item.marketplace, gated.item.asin) for gated in batch})
    rows = session.execute(
        select(Product.marketplace, Product.asin).where(tuple_(Product.marketplace, Product.asin).in_(keys))
    )
    return {(marketplace, asin) for marketplace, asin in rows}


def _image_ids(session: Session, sha256s: set[str]) -> dict[str, int]:
    if not sha256s:
        return {}
    rows = session.execute(select(Image.sha256, Image.id).where(Image.sha256.in_(sorted(sha256s))))
    return dict(rows.all())


def _found_product(gated: GatedItem, known_images: dict[str, int]) -> FoundProduct:
    item = gated.item
    pictures = tuple(_found_picture(place, picture, known_images) for place, picture in gated.pictures)
    listing = _listing(item) if isinstance(item, ProductItem) else None
    return FoundProduct(item.marketplace, item.asin, listing, pictures)


def _found_picture(position: int, fetched: FetchedPicture, known_images: dict[str, int]) -> FoundPicture:
    picture = fetched.picture
    image_id = fetched.image_id if picture is None else known_images.get(picture.sha256)
    if picture is None or image_id is not None:
        return FoundPicture(fetched.url, position, image_id=image_id, reason=fetched.reason)
    return FoundPicture(fetched.url, position, picture=picture, data=fetched.data)


def _listing(item: ProductItem) -> Listing:
    values = {field.name: getattr(item, field.name) for field in fields(Listing)}
    return Listing(**{name: _cut(name, value) for name, value in values.items()})


def _cut(name: str, value: Any) -> Any:
    """Shorten a text to what its column holds: PostgreSQL would refuse the whole batch."""
    column = Product.__table__.columns.get(name)
    length = getattr(column.type, "length", None) if column is not None else None
    return value[:length] if isinstance(value, str) and length else value

"""Commit a batch of items in one transaction; try again where the database was only busy."""

import logging
import time
from collections.abc import Sequence
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from crawler.errors import DatabaseFailedError
from crawler.items import GatedItem, ProductItem, SavedItem
from db.errors import RecordsError
from db.image_store import ImageStore
from db.repository.found_products import FoundPicture, FoundProduct, save_products
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
    with database.write() as session:
        saved = save_products(session, list(map(_found_product, batch)), store, crawl_run_id)
    return [SavedItem(gated.item, product) for gated, product in zip(batch, saved, strict=True)]


def _found_product(gated: GatedItem) -> FoundProduct:
    listing = gated.item if isinstance(gated.item, ProductItem) else None
    pictures = tuple(FoundPicture(position=place, **vars(fetched)) for place, fetched in gated.pictures)
    return FoundProduct(*gated.item.key, listing, pictures)

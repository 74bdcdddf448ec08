import io
import json
import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from scrapy.exporters import JsonLinesItemExporter
from sqlalchemy import event, func, select
from sqlalchemy.exc import DBAPIError, OperationalError

from crawler.items import FetchedPicture, GatedItem, PictureRetry, ProductItem, SavedItem
from crawler.pages.amazon.image_addresses import ImageAddress
from crawler.pipelines.saving import database_failure, save_batch
from db.models import Image, Product, ProductImage
from db.pictures.codes import Reason
from db.pictures.decoder import check_picture
from db.session import Database
from tests.factories import STORE, picture_bytes

SHOP = "amazon.in"


def gated(asin: str, *pictures: FetchedPicture, **listing: Any) -> GatedItem:
    return GatedItem(ProductItem(SHOP, asin, **listing), tuple(enumerate(pictures)))


def fetched(seed: int = 0, url: str | None = None) -> FetchedPicture:
    data = picture_bytes(seed)
    return FetchedPicture(url or f"https://shop.test/{seed}.jpg", picture=check_picture(data), data=data)


def save(database: Database, *batch: GatedItem) -> list[SavedItem]:
    return save_batch(database, STORE, batch, None)


def count(database: Database, table: Any) -> int | None:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_a_batch_says_which_products_and_images_are_new(database: Database) -> None:
    first = save(database, gated("B1", fetched(1)), gated("B2", fetched(2)))
    again = save(database, gated("B1", fetched(1)), gated("B3", fetched(1, "https://shop.test/copy.jpg")))
    assert [saved.product.is_new for saved in (*first, *again)] == [True, True, False, True]
    assert [len(saved.product.new_image_ids) for saved in (*first, *again)] == [1, 1, 0, 0]
    assert (count(database, Product), count(database, Image), count(database, ProductImage)) == (3, 2, 3)


def test_a_product_that_two_searches_found_keeps_both_in_one_batch(database: Database) -> None:
    save(database, gated("B1", found_in="saree"), gated("B1", found_in="jeans"), gated("B1"))
    with database.read() as session:
        product = session.scalars(select(Product)).one()
    assert product.found_in == ["jeans", "saree"]
    assert product.listed_category is None


def test_a_picture_whose_bytes_are_committed_and_gone_is_linked_by_its_sha256(database: Database) -> None:
    shared = fetched(1)
    save(database, gated("B1", shared))
    shared.data = None
    save(database, gated("B2", shared))
    assert (count(database, Image), count(database, ProductImage)) == (1, 2)


def test_refused_and_known_pictures_are_linked(database: Database) -> None:
    [saved] = save(database, gated("B1", fetched(1)))
    refused = FetchedPicture("https://shop.test/gone.jpg", reason=Reason.NOT_FOUND)
    known = FetchedPicture("https://shop.test/1.jpg", image_id=saved.product.new_image_ids[0])
    save(database, gated("B2", refused, known))
    with database.read() as session:
        links = session.scalars(
            select(ProductImage).join(Product).where(Product.asin == "B2").order_by(ProductImage.position)
        ).all()
    assert [(link.reason, link.image_id) for link in links] == [
        (Reason.NOT_FOUND, None),
        (None, saved.product.new_image_ids[0]),
    ]


def test_a_retry_changes_pictures_and_nothing_else(database: Database) -> None:
    gone = FetchedPicture("https://shop.test/1.jpg", reason=Reason.HTTP_ERROR)
    save(database, gated("B1", gone, title="Red saree", price=Decimal("99.50"), found_in="saree"))
    retry = PictureRetry(SHOP, "B1", (ImageAddress("https://shop.test/1.jpg"),), (0,))
    [saved] = save(database, GatedItem(retry, ((0, fetched(1)),)))
    with database.read() as session:
        product = session.scalars(select(Product)).one()
        link = session.scalars(select(ProductImage)).one()
    assert (product.title, product.price) == ("Red saree", Decimal("99.50"))
    assert (link.reason, link.image_id) == (None, saved.product.new_image_ids[0])


def test_a_feed_has_a_product_as_a_flat_row() -> None:
    item = ProductItem(
        SHOP, "B1", "Red saree", price=Decimal("99.50"), images=(ImageAddress("https://shop.test/1.jpg"),)
    )
    stream = io.BytesIO()
    exporter = JsonLinesItemExporter(stream)
    exporter.export_item(item)
    row = json.loads(stream.getvalue())
    assert list(row) == [
        "marketplace", "asin", "title", "brand", "price", "list_price", "currency", "rating", "review_count",
        "url", "parent_asin", "breadcrumb", "availability", "delivery_location", "found_in", "images",
    ]  # fmt: skip
    assert (row["asin"], row["price"], row["brand"]) == ("B1", "99.50", None)
    assert row["images"] == ["https://shop.test/1.jpg"]


def test_a_text_that_is_too_long_for_its_column_is_cut(database: Database) -> None:
    save(database, gated("B1", brand="x" * 1000, title="y" * 1000))
    with database.read() as session:
        product = session.scalars(select(Product)).one()
    assert product.brand == "x" * 300
    assert product.title == "y" * 1000


def test_a_database_that_is_only_busy_is_asked_again(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    database, other = Database(sqlite_url), Database(sqlite_url)
    event.listen(
        database.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 1")
    )
    lock = other.engine.execution_options(vastra_writing=True).connect()
    lock.begin()
    release = OnWarning(lock.close)
    logging.getLogger("crawler.pipelines.saving").addHandler(release)
    try:
        [saved] = save(database, gated("B1"))
    finally:
        logging.getLogger("crawler.pipelines.saving").removeHandler(release)
        lock.close()
        database.close()
        other.close()
    assert saved.product.is_new
    assert "busy" in caplog.text


class OnWarning(logging.Handler):
    """Acts once something is warned of."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._act = act

    def emit(self, record: logging.LogRecord) -> None:
        self._act()


def test_a_broken_database_is_an_error_at_once(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP VIEW classified_products")
        connection.exec_driver_sql("DROP TABLE product_images")
    with pytest.raises(DBAPIError) as caught:
        save(database, gated("B1", fetched(1)))
    assert "product_images" in str(database_failure(caught.value))
    assert "\n" not in str(database_failure(caught.value))
    assert count(database, Product) == 0


def test_a_failure_names_its_cause_without_the_statement() -> None:
    cause = OperationalError("SELECT secret", {}, Exception("disk is full"))
    assert str(database_failure(cause)).startswith("database_error: disk is full; ")

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from db.models import Image, Product, ProductImage
from db.pictures.codes import Reason
from db.repository.found_products import FoundPicture, FoundProduct, SavedProduct, save_products
from db.session import Database
from tests.factories import (
    SHOP,
    STORE,
    get_product,
    label,
    likely,
    model_version,
    picture,
    predict,
    product,
    refused,
    save,
)


def links(database: Database) -> dict[str, tuple[int | None, Reason | None]]:
    with database.read() as session:
        rows = session.execute(select(ProductImage.url, ProductImage.image_id, ProductImage.reason))
        return {url: (image_id, reason) for url, image_id, reason in rows}


def number_of_images(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count(Image.id))) or 0


def added_by(database: Database, *products: FoundProduct) -> list[SavedProduct]:
    with database.write() as session:
        return save_products(session, products, STORE)


def statements_of(database: Database, *products: FoundProduct) -> int:
    """Save products, and count the statements that it takes."""
    statements = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        added_by(database, *products)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return len(statements)


def test_saving_says_of_each_product_what_is_new(database: Database) -> None:
    copy = picture(1, url="https://shop.test/copy.jpg")
    [one, two] = added_by(database, product("B1", 1, copy), product("B2", 1, 2, refused()))
    assert (one.is_new, two.is_new) == (True, True)
    assert two.new_image_ids == (*one.new_image_ids, *two.new_image_ids[1:])
    assert len(set(two.new_image_ids)) == number_of_images(database) == 2
    [again, three] = added_by(database, product("B1", 1, 3), product("B3", 2))
    assert (again.is_new, three.is_new) == (False, True)
    assert (len(again.new_image_ids), three.new_image_ids) == (1, ())


def test_a_product_found_twice_in_a_batch_is_new_both_times(database: Database) -> None:
    both = added_by(database, product("B1", 1, found_in="jeans"), product("B1", 1, found_in="trousers"))
    assert both == [both[0]] * 2
    assert both[0].is_new


def test_a_batch_takes_as_many_statements_however_many_products_it_has(database: Database) -> None:
    """Products, known and new, that differ in what their pages say, with known, new and refused pictures."""
    model_version(database)
    save(database, *(product(f"B{n}", 1, brand="Tarini") for n in range(0, 40, 2)))

    def batch(numbers: range) -> list[FoundProduct]:
        said: tuple[dict[str, Any], ...] = (
            {},
            {"title": None},
            {"brand": "Neela"},
            {"rating": 4.5, "price": None},
        )
        return [product(f"B{n}", 1, 100 + n, refused(), **said[n % 4]) for n in numbers]

    few = statements_of(database, *batch(range(2)))
    assert statements_of(database, *batch(range(2, 40))) == few


def test_saving_twice_changes_nothing_but_the_moment(database: Database) -> None:
    first = save(database, product("B000000001", 1, 2))
    before = get_product(database)
    assert save(database, product("B000000001", 1, 2)) == first
    after = get_product(database)
    assert (after.id, after.first_seen_at) == (before.id, before.first_seen_at)
    assert after.last_seen_at > before.last_seen_at
    assert number_of_images(database) == 2


def test_a_moment_comes_back_with_its_zone(database: Database) -> None:
    save(database, product())
    assert get_product(database).last_seen_at.utcoffset() is not None


def test_products_of_two_marketplaces_share_an_asin_but_nothing_else(database: Database) -> None:
    save(database, product(), product(marketplace="amazon.de"))
    with database.read() as session:
        assert session.scalar(select(func.count(Product.id))) == 2


def test_no_price_is_news_but_no_title_is_not(database: Database) -> None:
    save(database, product(title="Silk saree", brand="Tarini", price=Decimal("1299.50"), rating=4.5))
    assert get_product(database).price == Decimal("1299.50")
    save(database, product(title=None, price=None))
    after = get_product(database)
    assert (after.title, after.brand, after.rating) == ("Silk saree", "Tarini", 4.5)
    assert (after.price, after.list_price) == (None, None)


def test_a_product_that_was_only_advertised_has_no_listed_category(database: Database) -> None:
    save(database, product(found_in=None))
    assert get_product(database).listed_category is None
    save(database, product(found_in="jeans"))
    assert get_product(database).listed_category == "jeans"
    save(database, product(found_in=None))
    assert get_product(database).listed_category == "jeans"


def test_a_product_that_two_categories_list_has_no_listed_category(database: Database) -> None:
    save(database, product(found_in="jeans"))
    save(database, product(found_in="trousers"))
    after = get_product(database)
    assert (after.listed_category, after.found_in) == (None, ["jeans", "trousers"])


def test_the_same_product_twice_in_one_batch_is_one_product(database: Database) -> None:
    save(database, product(found_in="jeans"), product(found_in="trousers"))
    assert get_product(database).found_in == ["jeans", "trousers"]


def test_one_picture_of_two_products_is_one_image(database: Database) -> None:
    image_ids = save(database, product("B000000001", 1), product("B000000002", 1))
    assert len(image_ids) == number_of_images(database) == 1


def test_a_refused_picture_leaves_its_reason(database: Database) -> None:
    assert save(database, product("B000000001", refused(Reason.CORRUPT))) == []
    assert list(links(database).values()) == [(None, Reason.CORRUPT)]


def test_a_stored_picture_survives_a_later_failing_fetch(database: Database) -> None:
    image_ids = save(database, product("B000000001", picture(1, url="https://shop.test/a.jpg")))
    save(database, product("B000000001", refused(Reason.HTTP_ERROR, url="https://shop.test/a.jpg")))
    assert links(database) == {"https://shop.test/a.jpg": (image_ids[0], None)}


def test_a_refused_picture_that_comes_later_takes_the_place_of_its_reason(database: Database) -> None:
    save(database, product("B000000001", refused(url="https://shop.test/a.jpg")))
    image_ids = save(database, product("B000000001", picture(1, url="https://shop.test/a.jpg")))
    assert links(database) == {"https://shop.test/a.jpg": (image_ids[0], None)}


def test_without_a_listing_only_the_pictures_change(database: Database) -> None:
    save(database, product(title="Silk saree"))
    before = get_product(database)
    save(database, FoundProduct(SHOP, "B000000001", None, (picture(1),)))
    after = get_product(database)
    assert (after.title, after.last_seen_at) == ("Silk saree", before.last_seen_at)
    assert number_of_images(database) == 1


def test_a_failing_batch_leaves_nothing_behind(database: Database) -> None:
    with_a_lost_image = product("B000000002", FoundPicture("https://shop.test/2.jpg", 0, image_id=404))
    with pytest.raises(IntegrityError):
        save(database, product("B000000001", 1), with_a_lost_image)
    assert number_of_images(database) == 0


@pytest.mark.parametrize("sizes", [(5, 1), (3, 4)])
def test_products_lose_a_picture_that_too_many_come_to_share(
    database: Database, sizes: tuple[int, int]
) -> None:
    """However many products a batch adds: the earlier ones are labelled anew, without the size chart."""
    version = model_version(database)
    early = [product(f"EARLY{n}", 99) for n in range(sizes[0])]
    (chart,) = save(database, *early)
    predict(database, version, {chart: likely("jeans")})
    assert label(database, "EARLY0").category == "jeans"
    save(database, *(product(f"LATE{n}", 99) for n in range(sizes[1])))
    assert label(database, "EARLY0").uncertain is None
    assert label(database, "LATE0").uncertain is None

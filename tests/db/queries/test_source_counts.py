from sqlalchemy import update

from db.models import Product, Split
from db.queries.source_counts import COUNTED_UP_TO, SourceCount, count_sources
from db.session import Database
from tests.factories import SHOP, product, save


def sources(database: Database) -> list[SourceCount]:
    with database.read() as session:
        return count_sources(session)


def test_there_are_none_without_products(database: Database) -> None:
    assert sources(database) == []


def test_a_source_is_new_until_its_listed_labels_are_trained_on(database: Database) -> None:
    save(database, product("B1", 1), product("B2", 2), product("A1", 3, marketplace="elsewhere"))
    with database.write() as session:
        session.execute(update(Product).where(Product.marketplace == SHOP).values(split=Split.TRAIN))
    told = {source.name: (source.products, source.is_new) for source in sources(database)}
    assert told == {SHOP: (2, False), "elsewhere": (1, True)}


def test_a_large_source_is_counted_no_further_than_it_matters(database: Database) -> None:
    with database.write() as session:
        session.add_all(Product(marketplace=SHOP, asin=f"B{n}", url="") for n in range(COUNTED_UP_TO + 2))
    assert sources(database) == [SourceCount(SHOP, COUNTED_UP_TO, are_more=True, is_new=True)]

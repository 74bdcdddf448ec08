from sqlalchemy import select, update

from db.models import Image, ModelVersion, Product, Split
from db.pictures.codes import Reason
from db.queries.taught_embeddings import (
    TaughtEmbedding,
    count_moves,
    draw_products,
    reviewed_lately,
    taught_embeddings,
)
from db.repository.reviews import Verdict, record_reviews, withdraw_review
from db.session import Database
from tests.factories import CATEGORIES, SHOP, body, embed, product, save, telling, version_with_body


def taught(database: Database) -> list[TaughtEmbedding]:
    with database.read() as session:
        body_id = session.scalars(select(ModelVersion.body_id)).one()
        assert body_id is not None
        return taught_embeddings(session, body_id, draw_products(session))


def review(database: Database, asin: str, word: str) -> None:
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, asin, word)], CATEGORIES)


def test_a_review_is_the_label_where_there_is_one(database: Database) -> None:
    version = version_with_body(database, body(database))
    one, two = save(database, product("a", 1), product("b", 2))
    embed(database, version, {one: telling(50), two: telling(0, 50)})
    review(database, "b", "jeans")
    found = taught(database)
    assert [(each.category, each.reviewed) for each in found] == [("saree", False), ("jeans", True)]
    assert [each.vector for each in found] == [telling(50), telling(0, 50)]


def test_what_teaches_nothing_is_left_out(database: Database) -> None:
    version = version_with_body(database, body(database))
    images = save(
        database,
        product("test", 1),
        product("other", 2),
        product("aside", 3),
        product("none", 4, found_in=None),
    )
    embed(database, version, {image: telling(50) for image in images})
    review(database, "other", "other")
    with database.write() as session:
        session.execute(update(Product).where(Product.asin == "test").values(split=Split.TEST))
        session.execute(update(Image).where(Image.id == images[2]).values(reason=Reason.TOO_SMALL))
    assert taught(database) == []


def test_a_picture_that_many_products_share_says_nothing(database: Database) -> None:
    version = version_with_body(database, body(database))
    (image,) = save(database, *(product(f"B{number}", 1) for number in range(6)))
    embed(database, version, {image: telling(50)})
    assert taught(database) == []


def test_verdicts_and_withdrawals_are_counted_and_only_grow(database: Database) -> None:
    save(database, product("a", 1))
    review(database, "a", "jeans")
    with database.write() as session:
        withdraw_review(session, SHOP, "a")
    with database.read() as session:
        assert count_moves(session) == 2
        assert reviewed_lately(session, 10) == set()


def test_of_no_products_none_is_drawn(database: Database) -> None:
    with database.read() as session:
        assert draw_products(session) == []

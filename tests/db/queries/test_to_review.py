import pytest

from db.models import Split
from db.queries.to_review import Order, products_to_review
from db.repository.model_versions import store_splits
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.factories import CATEGORIES, SHOP, get_product, likely, model_version, predict, product, save

NEW_SHOP = "shop.example"


@pytest.fixture
def labelled(database: Database) -> Database:
    """A shop that was trained on, with products of every kind, and three products of a new one."""
    version = model_version(database)
    asins = {
        "AGREES": ("saree", 0.9),
        "WRONG": ("jeans", 0.95),
        "DOUBTED": ("jeans", 0.7),
        "UNSURE": ("saree", 0.4),
    }
    for seed, (asin, said) in enumerate(asins.items()):
        (image,) = save(database, product(asin, seed + 1))
        predict(database, version, {image: likely(*said)})
    for seed in range(3):
        found = product(f"NEW{seed}", 20 + seed, marketplace=NEW_SHOP, found_in=None)
        (image,) = save(database, found)
        predict(database, version, {image: likely("jeans", 0.8)})
    save(database, product("UNCLASSIFIED", 40))
    with database.write() as session:
        store_splits(session, {get_product(database, "AGREES").id: Split.TRAIN})
    return database


def asked(database: Database, order: Order = Order.AUTO, **options: object) -> list[tuple[str, str]]:
    with database.read() as session:
        found = products_to_review(session, order, **options)  # type: ignore[arg-type]  # named as they are
    return [(row.asin, row.why) for row in found]


def review(database: Database, asin: str, word: str, marketplace: str = SHOP) -> None:
    with database.write() as session:
        record_reviews(session, [Verdict(marketplace, asin, word)], CATEGORIES)


def test_what_is_worth_most_comes_first_each_with_why(labelled: Database) -> None:
    found = asked(labelled)
    assert {asin for asin, _ in found[:3]} == {"NEW0", "NEW1", "NEW2"}
    assert {why for _, why in found[:3]} == {"new source"}
    assert found[3:] == [
        ("WRONG", "contradicted"),
        ("DOUBTED", "contradicted"),
        ("UNSURE", "unsure"),
        ("AGREES", "unsure"),
    ]


def test_each_order_alone(labelled: Database) -> None:
    assert {asin for asin, _ in asked(labelled, Order.NEW)} == {"NEW0", "NEW1", "NEW2"}
    assert [asin for asin, _ in asked(labelled, Order.CONTRADICTED)] == ["WRONG", "DOUBTED"]
    assert [asin for asin, _ in asked(labelled, Order.UNSURE, marketplace=SHOP)] == [
        "UNSURE", "DOUBTED", "AGREES", "WRONG",
    ]  # fmt: skip
    drawn = asked(labelled, Order.RANDOM, limit=3)
    assert len({asin for asin, _ in drawn}) == 3
    assert {why for _, why in drawn} == {"random"}
    assert drawn == asked(labelled, Order.RANDOM, limit=3)


def test_every_twentieth_is_drawn_at_random_also_among_all_orders(labelled: Database) -> None:
    for _ in range(19):
        review(labelled, "WRONG", "saree")
    found = asked(labelled)
    assert [why for _, why in found[:2]] == ["random", "new source"]
    assert found[0][0] not in {"WRONG", "UNCLASSIFIED"}
    assert found == asked(labelled)


def test_what_was_reviewed_is_not_asked_again_until_it_is_withdrawn(labelled: Database) -> None:
    review(labelled, "WRONG", "saree")
    assert [asin for asin, _ in asked(labelled, Order.CONTRADICTED)] == ["DOUBTED"]


def test_a_source_whose_listed_labels_were_trained_on_is_not_new(labelled: Database) -> None:
    assert asked(labelled, Order.NEW, marketplace=SHOP) == []
    with labelled.write() as session:
        store_splits(session, {get_product(labelled, "NEW0").id: Split.TRAIN})
    assert len(asked(labelled, Order.NEW)) == 3, (
        "its label is a person's: the shop's own words taught nothing"
    )


def test_sixteen_verdicts_make_a_source_known(database: Database) -> None:
    version = model_version(database)
    for seed in range(20):
        (image,) = save(database, product(f"B{seed}", seed, marketplace=NEW_SHOP, found_in=None))
        predict(database, version, {image: likely("jeans", 0.8)})
    for seed in range(15):
        review(database, f"B{seed}", "jeans", NEW_SHOP)
    review(database, "B14", "saree", NEW_SHOP)  # another's of the same product
    assert len(asked(database, Order.NEW)) == 1
    assert asked(database, Order.NEW, marketplace=NEW_SHOP) == asked(database, Order.NEW)
    assert asked(database, Order.NEW, marketplace=SHOP) == []
    review(database, "B15", "jeans", NEW_SHOP)
    assert asked(database, Order.NEW) == []


def test_a_row_says_what_shop_and_network_say(labelled: Database) -> None:
    with labelled.read() as session:
        [row] = products_to_review(session, Order.CONTRADICTED, limit=1)
    assert (row.marketplace, row.listed_category, row.likeliest) == (SHOP, "saree", "jeans")
    assert row.confidence == pytest.approx(0.95)
    assert row.image_sha256 is not None
    assert len(row.image_sha256) == 64


def test_where_nothing_is_labelled_there_is_nothing_to_review(database: Database) -> None:
    save(database, product("B000000001", 1))
    assert [asked(database, order) for order in Order] == [[]] * len(Order)

from db.queries.review_gain import ReviewGain, review_gain
from db.queries.review_order import Why
from db.repository.reviews import Verdict, record_reviews, withdraw_review
from db.session import Database
from tests.factories import CATEGORIES, SHOP, likely, model_version, predict, product, save


def give(database: Database, *verdicts: tuple[str, str, str | None]) -> None:
    with database.write() as session:
        given = [Verdict(SHOP, asin, word, why=why) for asin, word, why in verdicts]
        record_reviews(session, given, CATEGORIES)


def gain(database: Database) -> ReviewGain:
    with database.read() as session:
        return review_gain(session)


def test_a_label_is_wrong_where_the_verdict_is_another_than_the_shops_word(database: Database) -> None:
    save(database, product("a", 1), product("b", 2), product("c", 3))
    give(database, ("a", "saree", Why.UNSURE), ("b", "jeans", Why.CONTRADICTED), ("c", "other", Why.RANDOM))
    assert gain(database) == ReviewGain(asked=3, wrong=2, random=1, wrong_random=1)


def test_where_the_shop_lists_nothing_the_networks_word_is_the_label(database: Database) -> None:
    version = model_version(database)
    one, two = save(database, product("a", 1, found_in=None), product("b", 2, found_in=None))
    predict(database, version, {one: likely("jeans"), two: likely("jeans")})
    give(database, ("a", "jeans", Why.NEW_SOURCE), ("b", "trousers", Why.NEW_SOURCE))
    assert (gain(database).asked, gain(database).wrong) == (2, 1)


def test_what_was_taken_back_or_not_asked_for_tells_nothing(database: Database) -> None:
    save(database, product("a", 1), product("b", 2))
    give(database, ("a", "jeans", Why.UNSURE), ("b", "jeans", None))
    with database.write() as session:
        withdraw_review(session, SHOP, "a")
    assert gain(database) == ReviewGain(0, 0, 0, 0)


def test_chance_is_told_from_five_random_verdicts_on() -> None:
    assert ReviewGain(asked=100, wrong=41, random=4, wrong_random=1).by_chance is None
    assert ReviewGain(asked=100, wrong=41, random=50, wrong_random=4).by_chance == 8

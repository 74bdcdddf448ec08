from sqlalchemy import delete, select

from db.models import Product, Review
from db.queries.review_history import stream_reviews
from db.repository.reviews import Verdict
from db.repository.sent_reviews import Receipt, SentVerdict, receive_reviews, withdraw_batch
from db.session import Database
from tests.factories import (
    CATEGORIES,
    SHOP,
    activate_another,
    label,
    likely,
    model_version,
    predict,
    product,
    save,
)

ASIN = "B000000001"


def sent(
    batch: str,
    word: str,
    asin: str = ASIN,
    *,
    place: int = 0,
    taken_back: bool = False,
    by: str | None = None,
) -> SentVerdict:
    return SentVerdict(batch, place, Verdict(SHOP, asin, word, by), taken_back)


def receive(database: Database, *verdicts: SentVerdict) -> list[Receipt]:
    with database.write() as session:
        return receive_reviews(session, verdicts, CATEGORIES)


def given(database: Database) -> list[tuple[str, bool, bool]]:
    """Each recorded verdict: its category, whether it stands, whether it counts."""
    return [(row.category, row.withdrawn_at is None, row.counts) for row in stream_reviews(database)]


def test_what_comes_again_is_recorded_once(database: Database) -> None:
    save(database, product(ASIN, 1))
    verdict = sent("a", "jeans")
    assert receive(database, verdict, verdict) == [Receipt.RECORDED, Receipt.RECORDED]
    assert receive(database, verdict) == [Receipt.KNOWN]
    assert given(database) == [("jeans", True, True)]
    assert label(database).category == "jeans"


def test_a_bad_verdict_keeps_no_other_from_being_recorded(database: Database) -> None:
    save(database, product(ASIN, 1))
    answers = receive(database, sent("a", "jeans", "gone"), sent("b", "hat"), sent("c", "saree"))
    assert answers == [Receipt.UNKNOWN_PRODUCT, Receipt.UNKNOWN_CATEGORY, Receipt.RECORDED]
    assert given(database) == [("saree", True, True)]


def test_the_later_of_two_verdicts_counts_whatever_they_are_called(database: Database) -> None:
    save(database, product(ASIN, 1))
    receive(database, sent("z", "jeans", by="asha"), sent("a", "saree", by="ravi"))
    assert given(database) == [("jeans", True, False), ("saree", True, True)]
    assert label(database).category == "saree"


def test_a_verdict_that_was_taken_back_before_it_came_is_recorded_and_withdrawn(database: Database) -> None:
    save(database, product(ASIN, 1))
    assert receive(database, sent("a", "jeans", taken_back=True)) == [Receipt.TAKEN_BACK]
    assert given(database) == [("jeans", False, False)]
    assert label(database).uncertain is None


def test_taking_back_is_harmless_again_and_is_not_undone_by_what_comes_late(database: Database) -> None:
    save(database, product(ASIN, 1))
    back = sent("a", "jeans", taken_back=True)
    receive(database, sent("a", "jeans"))
    assert receive(database, back) == [Receipt.TAKEN_BACK]
    assert receive(database, back, sent("a", "jeans")) == [Receipt.TAKEN_BACK, Receipt.KNOWN]
    assert given(database) == [("jeans", False, False)]


def test_a_verdict_on_a_category_that_is_gone_can_be_taken_back(database: Database) -> None:
    save(database, product(ASIN, 1))
    receive(database, sent("a", "jeans"))
    with database.write() as session:
        answers = receive_reviews(session, [sent("a", "jeans", taken_back=True)], CATEGORIES[:1])
    assert answers == [Receipt.TAKEN_BACK]
    assert given(database) == [("jeans", False, False)]


def test_taking_back_after_another_version_was_activated_gives_its_word(database: Database) -> None:
    first = model_version(database)
    second = model_version(database, active=False)
    (image,) = save(database, product(ASIN, 1))
    predict(database, first, {image: likely("jeans")})
    receive(database, sent("a", "saree"))
    assert activate_another(database) == second
    predict(database, second, {image: likely("trousers")})
    receive(database, sent("a", "saree", taken_back=True))
    found = label(database)
    assert (found.category, found.label_version_id) == ("trousers", second)


def test_what_came_together_is_taken_back_together(database: Database) -> None:
    save(database, product(ASIN, 1), product("B000000002", 2))
    receive(database, sent("a", "jeans"), sent("a", "jeans", "B000000002", place=1), sent("b", "saree"))
    with database.write() as session:
        assert withdraw_batch(session, "a") == 2
    with database.write() as session:
        assert withdraw_batch(session, "a") == 0
    assert label(database).category == "saree"
    assert label(database, "B000000002").uncertain is None


def test_one_of_those_that_came_together_is_taken_back_alone(database: Database) -> None:
    save(database, product(ASIN, 1), product("B000000002", 2))
    receive(database, sent("a", "jeans"), sent("a", "jeans", "B000000002", place=1))
    with database.write() as session:
        assert withdraw_batch(session, "a", 1) == 1
    assert [stands for _, stands, _ in given(database)] == [True, False]


def test_a_product_that_vanished_takes_its_verdict_along(database: Database) -> None:
    save(database, product(ASIN, 1))
    receive(database, sent("a", "jeans"))
    with database.write() as session:
        session.execute(delete(Product))
    assert receive(database, sent("a", "jeans", taken_back=True)) == [Receipt.UNKNOWN_PRODUCT]
    with database.read() as session:
        assert session.scalars(select(Review)).all() == []

import pytest
from sqlalchemy import select

from db.categories import OTHER
from db.errors import NoReviewError, UnknownCategoryError, UnknownProductError
from db.models import Review
from db.queries.review_history import ReviewRow, stream_reviews
from db.repository.labels import Label
from db.repository.reviews import Verdict, record_reviews, withdraw_review
from db.session import Database
from tests.factories import CATEGORIES, SHOP, label, likely, model_version, predict, product, save

ASIN = "B000000001"


def review(database: Database, *words: str, reviewer: str | None = None, batch: str | None = None) -> int:
    with database.write() as session:
        verdicts = [Verdict(SHOP, ASIN, word, reviewer) for word in words]
        return record_reviews(session, verdicts, CATEGORIES, batch)


def withdraw(database: Database, reviewer: str | None = None) -> str:
    with database.write() as session:
        return withdraw_review(session, SHOP, ASIN, reviewer)


def history(database: Database) -> list[ReviewRow]:
    return list(stream_reviews(database))


def test_taking_a_verdict_back_gives_the_earlier_one(database: Database) -> None:
    save(database, product(ASIN, 1))
    review(database, "jeans")
    review(database, OTHER)
    assert withdraw(database) == OTHER
    assert label(database) == Label("jeans", uncertain=False)
    assert [(row.category, row.withdrawn_at is None, row.counts) for row in history(database)] == [
        ("jeans", True, True),
        (OTHER, False, False),
    ]


def test_taking_the_only_verdict_back_gives_what_the_active_version_says(database: Database) -> None:
    version = model_version(database)
    (image,) = save(database, product(ASIN, 1))
    predict(database, version, {image: likely("jeans", 0.9)})
    review(database, "saree")
    withdraw(database)
    found = label(database)
    assert (found.category, found.label_version_id) == ("jeans", version)


def test_while_the_active_version_has_not_seen_all_the_newest_that_has_labels(database: Database) -> None:
    older, newer = model_version(database), model_version(database, active=False)
    one, two = save(database, product(ASIN, 1, 2))
    predict(database, older, {one: likely("saree"), two: likely("saree")})
    predict(database, newer, {one: likely("jeans"), two: likely("jeans")})
    review(database, "trousers")
    active = model_version(database)
    predict(database, active, {one: likely("trousers")})
    withdraw(database)
    assert (label(database).category, label(database).label_version_id) == ("jeans", newer)
    predict(database, active, {two: likely("trousers")})
    assert (label(database).category, label(database).label_version_id) == ("trousers", active)


def test_where_no_version_has_seen_all_nothing_is_claimed(database: Database) -> None:
    version = model_version(database)
    one, _ = save(database, product(ASIN, 1, 2))
    review(database, "jeans")
    predict(database, version, {one: likely("jeans")})
    withdraw(database)
    assert label(database) == Label()


def test_without_a_verdict_that_stands_there_is_nothing_to_take_back(database: Database) -> None:
    save(database, product(ASIN, 1))
    with pytest.raises(NoReviewError, match=f"no verdict to take back, got {SHOP} {ASIN}"):
        withdraw(database)
    review(database, "jeans", reviewer="asha")
    with pytest.raises(NoReviewError, match="no verdict by ravi to take back"):
        withdraw(database, "ravi")
    assert withdraw(database, "asha") == "jeans"
    with pytest.raises(NoReviewError):
        withdraw(database)


def test_of_two_people_the_later_counts_and_both_are_kept(database: Database) -> None:
    save(database, product(ASIN, 1))
    review(database, "jeans", reviewer="asha")
    review(database, "trousers", reviewer="ravi")
    assert label(database).category == "trousers"
    assert [(row.reviewer, row.counts) for row in history(database)] == [("asha", False), ("ravi", True)]
    withdraw(database, "asha")
    assert label(database).category == "trousers"


def test_a_batch_that_comes_again_changes_nothing_even_after_a_withdrawal(database: Database) -> None:
    save(database, product(ASIN, 1))
    assert review(database, "jeans", "saree", batch="a") == 2
    assert review(database, "jeans", "saree", batch="a") == 0
    withdraw(database)
    assert review(database, "jeans", "saree", batch="a") == 0
    assert label(database).category == "jeans"
    assert review(database, "saree", batch="b") == 1
    assert label(database).category == "saree"
    assert len(history(database)) == 3


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (Verdict(SHOP, "B000000404", "jeans"), UnknownProductError, f"got {SHOP} B000000404"),
        (Verdict(SHOP, ASIN, "skirt"), UnknownCategoryError, "got 'skirt'"),
    ],
)
def test_of_many_verdicts_all_are_recorded_or_none(
    database: Database, wrong: Verdict, error: type[Exception], message: str
) -> None:
    save(database, product(ASIN, 1))
    with pytest.raises(error, match=message), database.write() as session:
        record_reviews(session, [Verdict(SHOP, ASIN, "jeans"), wrong], CATEGORIES)
    with database.read() as session:
        assert session.scalars(select(Review)).all() == []


def test_more_verdicts_than_fit_one_statement_are_recorded(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    asins = [f"B{number:09}" for number in range(1201)]
    save(database, *(product(asin) for asin in asins))
    with database.write() as session:
        verdicts = [Verdict(SHOP, asin, "jeans") for asin in asins]
        assert record_reviews(session, verdicts, CATEGORIES, "a") == len(asins)
    assert [row.asin for row in history(database)] == asins
    assert [row.asin for row in stream_reviews(database, SHOP, limit=1001)] == asins[:1001]
    assert list(stream_reviews(database, "elsewhere")) == []
    database.close()

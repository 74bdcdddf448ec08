from typing import Any

from db.models import RunStatus, TrainingRun
from db.queries.review_news import ReviewNews, counting_reviews, review_news
from db.repository.reviews import Verdict, record_reviews, withdraw_review
from db.repository.runs import plan_training_run
from db.session import Database
from tests.factories import CATEGORIES, SHOP, model_version, product, save

NOTHING = ReviewNews(0, 0, other_categories=False)


def news(database: Database) -> ReviewNews:
    with database.read() as session:
        return review_news(session, CATEGORIES)


def review(database: Database, number: int, word: str = "jeans") -> None:
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, f"B00000000{number}", word)], CATEGORIES)


def run(database: Database, **values: Any) -> None:
    """A run that read the records now, and is finished."""
    with database.write() as session:
        found = session.get_one(TrainingRun, plan_training_run(session, "seed_cnn", {}, seed=0))
        found.status, found.metrics = RunStatus.FINISHED, {"reviews": counting_reviews(session)}
        for name, value in values.items():
            setattr(found, name, value)


def test_verdicts_are_news_until_a_run_has_taken_them_in(database: Database) -> None:
    save(database, *(product(f"B00000000{n}", n) for n in range(3)))
    assert (news(database), bool(news(database))) == (NOTHING, False)
    review(database, 0)
    review(database, 1)
    assert news(database) == ReviewNews(2, 0, other_categories=False)
    run(database)
    assert news(database) == NOTHING
    review(database, 2)
    assert news(database).new == 1
    assert news(database)


def test_a_run_that_failed_or_is_not_finished_has_taken_nothing_in(database: Database) -> None:
    save(database, product("B000000000"))
    review(database, 0)
    run(database, error="too little memory")
    run(database, status=RunStatus.RUNNING)
    assert news(database).new == 1


def test_what_an_earlier_release_trained_is_to_be_learnt_again(database: Database) -> None:
    save(database, product("B000000000"))
    review(database, 0)
    run(database, metrics={"accuracy": 1.0})
    assert news(database).new == 1


def test_a_second_verdict_on_a_product_is_new_and_one_taken_back_is_news_too(database: Database) -> None:
    save(database, product("B000000000"))
    review(database, 0, "saree")
    run(database)
    review(database, 0, "jeans")
    assert news(database) == ReviewNews(1, 0, other_categories=False)
    run(database)
    with database.write() as session:
        withdraw_review(session, SHOP, "B000000000")
        withdraw_review(session, SHOP, "B000000000")
    assert news(database) == ReviewNews(0, 1, other_categories=False)


def test_categories_are_news_when_the_active_version_knows_others(database: Database) -> None:
    model_version(database, categories=["trousers", "jeans", "saree"])
    assert not news(database)
    model_version(database, categories=["jeans", "saree"])
    assert news(database).other_categories

from collections.abc import Sequence
from typing import Any

from db.models import RunKind, RunStatus, TrainingRun
from db.queries.review_news import ReviewNews, count_verdicts, counting_reviews, review_news
from db.repository.reviews import Verdict, record_reviews, withdraw_review
from db.repository.runs import plan_training_run
from db.session import Database
from tests.factories import CATEGORIES, SHOP, model_version, product, save

NAMES = [category.name for category in CATEGORIES]
NOTHING = ReviewNews(0, 0, other_categories=False)


def news(database: Database, names: Sequence[str] = NAMES, *, also_failed: bool = False) -> ReviewNews:
    with database.read() as session:
        return review_news(session, names, also_failed=also_failed)


def review(database: Database, number: int, word: str = "jeans") -> None:
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, f"B00000000{number}", word)], CATEGORIES)


def run(database: Database, **values: Any) -> None:
    """A run that read the records now, and is finished."""
    with database.write() as session:
        found = session.get_one(TrainingRun, plan_training_run(session, "seed_cnn", {}, seed=0))
        found.status, found.metrics = RunStatus.FINISHED, {"reviews": counting_reviews(session, NAMES)}
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


def test_categories_that_the_last_run_has_tried_are_no_news_though_another_version_is_active(
    database: Database,
) -> None:
    model_version(database, categories=["jeans", "saree"])
    run(database, config={"categories": NAMES})
    assert not news(database)
    assert news(database, ["jeans", "trousers"]).other_categories


def test_a_verdict_for_a_category_that_is_not_learnt_yet_is_no_news(database: Database) -> None:
    save(database, product("B000000000"), product("B000000001", 1))
    review(database, 0, "trousers")
    review(database, 1, "other")
    assert news(database, ["saree", "jeans"]).new == 1
    assert news(database).new == 2


def test_whoever_learns_unasked_takes_what_a_failed_learning_run_has_read_for_tried(
    database: Database,
) -> None:
    save(database, product("B000000000"))
    review(database, 0)
    run(database, error="too few", kind=RunKind.LEARNING)
    assert news(database).new == 1
    assert not news(database, also_failed=True)
    run(database, error="too few", metrics={})  # a training's failure says nothing of learning
    assert not news(database, also_failed=True)


def test_the_verdicts_that_stand_are_counted_by_their_category(database: Database) -> None:
    save(database, *(product(f"B00000000{n}", n) for n in range(3)))
    for number, word in ((0, "saree"), (0, "jeans"), (1, "jeans"), (2, "other")):
        review(database, number, word)
    with database.write() as session:
        withdraw_review(session, SHOP, "B000000002")
        assert count_verdicts(session) == {"jeans": 2}

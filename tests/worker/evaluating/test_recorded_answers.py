"""Figures without a network, and two versions beside each other."""

from sqlalchemy import select

from db.models import ModelVersion, Product, Split
from db.session import Database
from tests.factories import (
    body,
    embed,
    likely,
    model_version,
    predict,
    product,
    save,
    telling,
    version_with_body,
)
from worker.evaluating.recorded_answers import RecordedAnswers, recorded_answers
from worker.evaluating.version_comparison import VersionComparison, compare_versions


def keep(database: Database, number: int = 4, in_test: int = 4) -> list[int]:
    image_ids = save(database, *(product(f"B{n:09}", n) for n in range(number)))
    with database.write() as session:
        for row in session.scalars(select(Product).order_by(Product.id).limit(in_test)):
            row.split = Split.TEST
    return image_ids


def ask(database: Database, version: int, most: int = 5000) -> RecordedAnswers:
    with database.read() as session:
        return recorded_answers(session, session.get_one(ModelVersion, version), most)


def test_only_the_test_split_is_asked_about(database: Database) -> None:
    image_ids = keep(database, in_test=2)
    version = version_with_body(database, body(database))
    embed(database, version, dict.fromkeys(image_ids, telling(30)))
    answers = ask(database, version)
    assert len(answers.outcomes.images) == 2
    assert (answers.unseen, answers.is_part) == (0, False)
    assert len(ask(database, version, most=1).outcomes.images) == 1
    assert ask(database, version, most=1).is_part


def test_without_a_test_picture_there_are_no_figures(database: Database) -> None:
    version = model_version(database)
    assert ask(database, version).figures() is None
    keep(database)
    found = ask(database, version)
    assert (found.figures(), found.unseen) == (None, 4)


def test_head_and_predictions_are_compared_on_what_both_have_seen(database: Database) -> None:
    image_ids = keep(database)
    first = model_version(database)
    predict(database, first, dict.fromkeys(image_ids[:3], likely("jeans")))
    second = version_with_body(database, body(database))
    embed(
        database, second, {image_ids[0]: telling(30), image_ids[1]: telling(0, 30), image_ids[3]: telling(30)}
    )
    assert compare_versions(ask(database, first), ask(database, second)) == VersionComparison(
        both=0, only_first=0, only_second=1, neither=1, p_value=1.0, is_no_worse=True
    )


def test_an_uncertain_answer_claims_nothing(database: Database) -> None:
    image_ids = keep(database)
    version = model_version(database)
    predict(
        database,
        version,
        dict.fromkeys(image_ids[:2], likely("saree", 0.5)) | {image_ids[2]: likely("saree")},
    )
    figures = ask(database, version).figures()
    assert figures is not None
    assert (figures[0].accuracy, round(figures[0].coverage, 3)) == (1.0, 0.333)

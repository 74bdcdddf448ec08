"""What is told of classified images: now and then, with how many there are in all."""

import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from db.models import Image
from db.session import Database
from tests.factories import likely, model_version, predict, product, save
from worker.classifying.classified_count import ClassifiedCount


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def records(sqlite_url: str) -> Iterator[Database]:
    """Four images, of which two are pending."""
    database = Database(sqlite_url)
    version = model_version(database)
    save(database, product("B000000001", 1, 2, 3, 4))
    classify(database, version, 2)
    yield database
    database.close()


def classify(database: Database, version: int, count: int, after: int = 0) -> None:
    with database.read() as session:
        ids = session.scalars(select(Image.id).order_by(Image.id).offset(after).limit(count)).all()
    predict(database, version, dict.fromkeys(ids, likely("saree")))


def test_batches_are_told_together_and_now_and_then(
    records: Database, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    count = ClassifiedCount(clock)
    with caplog.at_level(logging.INFO):
        count.add(records, 1)
        count.add(records, 1)
        assert caplog.messages == []
        clock.seconds = 20
        count.add(records, 0)
    assert caplog.messages == ["classified 2 of 4 images"]


def test_what_is_left_to_tell_is_told_once_and_the_next_images_are_counted_anew(
    records: Database, caplog: pytest.LogCaptureFixture
) -> None:
    count = ClassifiedCount()
    with caplog.at_level(logging.INFO):
        count.add(records, 2)
        count.tell(records)
        count.tell(records)
        classify(records, 1, 2, after=2)
        count.add(records, 2)
        count.tell(records)
        save(records, product("B000000002", 5))
        classify(records, 1, 1, after=4)
        count.add(records, 1)
        count.tell(records)
    assert caplog.messages == [
        "classified 2 of 4 images",
        "classified 4 of 4 images",
        "classified 1 of 1 images",
    ]

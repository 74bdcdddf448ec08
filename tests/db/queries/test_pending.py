from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from db.messages import BATCH_SIZE
from db.models import Image, Prediction, utc_now
from db.pictures.codes import Reason
from db.queries.pending import count_pending, pending_batches
from db.repository.model_versions import activate
from db.repository.predictions import claim_images
from db.session import Database
from tests.factories import likely, model_version, predict, product, save


def pending(database: Database, limit: int = 10_000) -> list[list[int]]:
    with database.read() as session:
        return list(pending_batches(session, limit))


def counted(database: Database) -> int:
    with database.read() as session:
        return count_pending(session)


@pytest.fixture
def image_ids(database: Database) -> list[int]:
    return save(database, *(product(f"B00000000{n}", n) for n in range(5)))


@pytest.mark.usefixtures("image_ids")
def test_nothing_is_pending_without_an_active_version(database: Database) -> None:
    model_version(database, active=False)
    assert (pending(database), counted(database)) == ([], 0)


def test_images_wait_until_they_are_predicted_set_aside_or_claimed(
    database: Database, image_ids: list[int]
) -> None:
    version = model_version(database)
    assert pending(database) == [image_ids]
    one, two, three, *rest = image_ids
    predict(database, version, {one: likely("jeans")}, failures={two: Reason.CORRUPT})
    with database.write() as session:
        claim_images(session, [three], version)
    assert pending(database) == [rest]
    assert counted(database) == 3  # the claimed image is not done yet


def test_activating_a_version_makes_all_pending_again(database: Database, image_ids: list[int]) -> None:
    predict(database, model_version(database), dict.fromkeys(image_ids, likely("jeans")))
    assert pending(database) == []
    model_version(database)
    assert pending(database) == [image_ids]


def test_an_image_is_pending_again_when_its_prediction_is_deleted(
    database: Database, image_ids: list[int]
) -> None:
    predict(database, model_version(database), dict.fromkeys(image_ids, likely("jeans")))
    with database.write() as session:
        session.execute(delete(Prediction).where(Prediction.image_id == image_ids[2]))
    assert pending(database) == [[image_ids[2]]]


def test_going_back_to_a_version_finds_what_it_has_predicted(
    database: Database, image_ids: list[int]
) -> None:
    first = model_version(database)
    predict(database, first, dict.fromkeys(image_ids[1:], likely("jeans")))
    predict(database, model_version(database), dict.fromkeys(image_ids, likely("saree")))
    with database.write() as session:
        activate(session, first)
    assert pending(database) == [image_ids[:1]]


def test_an_image_that_killed_its_workers_is_soon_alone(database: Database, image_ids: list[int]) -> None:
    version = model_version(database)
    for dangerous in (image_ids[:2], image_ids[:1]):
        with database.write() as session:
            claim_images(session, dangerous, version)
            session.execute(update(Image).values(leased_until=utc_now() - timedelta(seconds=1)))
    assert pending(database) == [image_ids[2:], image_ids[1:2], image_ids[:1]]


def test_messages_are_of_bounded_size(database: Database) -> None:
    model_version(database)
    save(database, product("B000000001", *range(BATCH_SIZE + 1)))
    assert [len(batch) for batch in pending(database)] == [BATCH_SIZE, 1]
    assert [len(batch) for batch in pending(database, limit=3)] == [3]

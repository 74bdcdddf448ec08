from collections.abc import Sequence
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update

from db.models import Image, Prediction, utc_now
from db.pictures.codes import Reason
from db.repository.predictions import claim_images, release_images, retry_images, set_aside_exhausted
from db.session import Database
from db.states.image_states import MAX_IMAGE_ATTEMPTS
from tests.factories import likely, model_version, predict, product, save


def claim(database: Database, image_ids: Sequence[int], version: int) -> list[int]:
    with database.write() as session:
        return claim_images(session, image_ids, version)


def expire(database: Database) -> None:
    """Let every lease run out, as 45 seconds without a sign of the worker do."""
    with database.write() as session:
        session.execute(
            update(Image)
            .where(Image.leased_until.is_not(None))
            .values(leased_until=utc_now() - timedelta(seconds=1))
        )


def image(database: Database, image_id: int) -> Image:
    with database.read() as session:
        return session.get_one(Image, image_id)


@pytest.fixture
def version(database: Database) -> int:
    return model_version(database)


@pytest.fixture
def image_ids(database: Database) -> list[int]:
    return save(database, *(product(f"B00000000{n}", n) for n in range(6)))


def test_an_image_is_claimed_once(database: Database, version: int, image_ids: list[int]) -> None:
    assert claim(database, image_ids, version) == image_ids
    assert claim(database, image_ids, version) == []


def test_what_killed_its_worker_is_claimed_in_smaller_batches_whatever_the_message_holds(
    database: Database, version: int
) -> None:
    message = save(database, product("B000000001", *range(12)))
    assert claim(database, message, version) == message
    expire(database)
    assert claim(database, message, version) == message[:8]
    expire(database)
    assert claim(database, message, version) == message[8:]  # the least tried first
    expire(database)
    assert [claim(database, message, version) for _ in range(13)] == [[one] for one in message] + [[]]


def test_workers_that_claim_at_once_share_the_images(
    database: Database, version: int, image_ids: list[int]
) -> None:
    together = Barrier(3)
    claimed: list[int] = []

    def work() -> None:
        together.wait(timeout=30)
        claimed.extend(claim(database, image_ids, version))

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(claimed) == image_ids


def test_a_claim_counts_the_attempt_before_any_decoding(
    database: Database, version: int, image_ids: list[int]
) -> None:
    claim(database, image_ids, version)
    assert {image(database, i).attempts for i in image_ids} == {1}


def test_a_claim_whose_owner_died_runs_out(database: Database, version: int, image_ids: list[int]) -> None:
    claim(database, image_ids, version)
    expire(database)
    assert claim(database, image_ids, version) == image_ids


def test_three_attempts_and_an_image_is_set_aside(
    database: Database, version: int, image_ids: list[int]
) -> None:
    for _ in range(MAX_IMAGE_ATTEMPTS):
        assert claim(database, image_ids[:1], version) == image_ids[:1]
        expire(database)
    assert claim(database, image_ids[:1], version) == []
    with database.write() as session:
        assert set_aside_exhausted(session) == 1
        assert set_aside_exhausted(session) == 0
    assert image(database, image_ids[0]).reason is Reason.WORKER_DIED


def test_an_image_in_its_third_attempt_is_not_set_aside(
    database: Database, version: int, image_ids: list[int]
) -> None:
    for _ in range(MAX_IMAGE_ATTEMPTS):
        expire(database)
        claim(database, image_ids[:1], version)
    with database.write() as session:
        assert set_aside_exhausted(session) == 0


def test_a_released_image_has_lost_no_attempt(database: Database, version: int, image_ids: list[int]) -> None:
    claim(database, image_ids, version)
    with database.write() as session:
        release_images(session, image_ids)
    assert claim(database, image_ids, version) == image_ids
    assert image(database, image_ids[0]).attempts == 1


def test_predicted_and_set_aside_images_are_not_claimed_again(
    database: Database, version: int, image_ids: list[int]
) -> None:
    one, two, *rest = claim(database, image_ids, version)
    predict(database, version, {one: likely("jeans")}, failures={two: Reason.CORRUPT})
    expire(database)
    assert claim(database, image_ids, version) == rest


def test_a_new_version_makes_every_image_pending_again(
    database: Database, version: int, image_ids: list[int]
) -> None:
    claim(database, image_ids, version)
    predict(database, version, dict.fromkeys(image_ids, likely("jeans")))
    assert claim(database, image_ids, version) == []
    assert claim(database, image_ids, model_version(database)) == image_ids


def test_success_forgets_earlier_attempts(database: Database, version: int, image_ids: list[int]) -> None:
    claim(database, image_ids, version)
    predict(database, version, {image_ids[0]: likely("jeans")})
    done = image(database, image_ids[0])
    assert (done.attempts, done.leased_until) == (0, None)


def test_recording_twice_keeps_the_first_prediction(
    database: Database, version: int, image_ids: list[int]
) -> None:
    predict(database, version, {image_ids[0]: likely("jeans")})
    predict(database, version, {image_ids[0]: likely("saree")})
    with database.read() as session:
        (kept,) = session.scalars(select(Prediction)).all()
        assert kept.probabilities == likely("jeans")


def test_images_set_aside_for_a_reason_can_be_retried(
    database: Database, version: int, image_ids: list[int]
) -> None:
    predict(database, version, {}, failures={image_ids[0]: Reason.CORRUPT, image_ids[1]: Reason.WORKER_DIED})
    with database.write() as session:
        assert retry_images(session, Reason.WORKER_DIED) == 1
    assert claim(database, image_ids[:2], version) == image_ids[1:2]

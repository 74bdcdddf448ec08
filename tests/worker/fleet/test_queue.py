from datetime import timedelta

import pytest
from sqlalchemy import update

from db.messages import BATCH_SIZE, CLASSIFY_QUEUE, TRAIN_QUEUE
from db.models import Image, utc_now
from db.session import Database
from tests.factories import model_version, product, save
from tests.worker.messages import sent_batches, sent_runs
from worker.app import app
from worker.errors import BrokerError
from worker.fleet.queue import enqueue_pending, enqueue_training, require_broker, waiting


def send_pending(database: Database) -> int:
    with database.read() as session:
        return enqueue_pending(session)


@pytest.mark.usefixtures("broker")
def test_pending_images_are_sent_once_while_messages_wait(database: Database) -> None:
    model_version(database)
    ids = save(database, product("B000000001", 1, 2), product("B000000002", 3))
    assert send_pending(database) == 3
    assert send_pending(database) == 0
    assert sent_batches(CLASSIFY_QUEUE) == [ids]
    assert send_pending(database) == 3


@pytest.mark.usefixtures("broker")
def test_nothing_is_sent_before_a_model_version_is_active(database: Database) -> None:
    save(database, product("B000000001", 1))
    assert send_pending(database) == 0
    assert waiting(CLASSIFY_QUEUE) == 0


@pytest.mark.usefixtures("broker")
def test_an_image_that_was_tried_before_is_sent_in_smaller_company(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    model_version(database)
    ids = save(database, *(product(f"B{n:09}", n) for n in range(BATCH_SIZE + 12)))
    set_attempts(database, ids[:10], 1)
    set_attempts(database, ids[10:12], 2)
    send_pending(database)
    sent = sent_batches(CLASSIFY_QUEUE)
    assert sent == [ids[12:], ids[:8], ids[8:10], [ids[10]], [ids[11]]]
    database.close()


@pytest.mark.usefixtures("broker")
def test_claimed_images_are_not_sent_until_the_claim_runs_out(database: Database) -> None:
    model_version(database)
    ids = save(database, product("B000000001", 1, 2))
    set_lease(database, ids[0], seconds=30)
    set_lease(database, ids[1], seconds=-1)
    send_pending(database)
    assert sent_batches(CLASSIFY_QUEUE) == [[ids[1]]]


@pytest.mark.usefixtures("broker")
def test_a_training_run_is_sent_unless_the_trainer_has_messages() -> None:
    enqueue_training([7])
    enqueue_training([7, 8])
    assert sent_runs(TRAIN_QUEUE) == [7]


def test_a_dead_broker_is_a_named_error(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    model_version(database)
    save(database, product("B000000001", 1))
    before = app.conf.broker_url
    app.conf.update(broker_url="redis+socket:///nowhere/broker.sock")
    try:
        with pytest.raises(BrokerError, match="does not answer"):
            send_pending(database)
        with pytest.raises(BrokerError, match="does not answer"):
            enqueue_training([1])
    finally:
        app.conf.update(broker_url=before)
        database.close()


def test_without_an_address_the_error_says_what_to_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("worker.fleet.queue.broker_url", lambda: None)
    with pytest.raises(BrokerError, match="python -m worker run"):
        require_broker()


def set_attempts(database: Database, ids: list[int], attempts: int) -> None:
    with database.write() as session:
        session.execute(update(Image).where(Image.id.in_(ids)).values(attempts=attempts))


def set_lease(database: Database, image_id: int, seconds: int) -> None:
    until = utc_now() + timedelta(seconds=seconds)
    with database.write() as session:
        session.execute(update(Image).where(Image.id == image_id).values(leased_until=until))

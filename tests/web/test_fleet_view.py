"""Whom the page takes for a worker."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis import Redis

from db.models import TrainingRun
from db.repository.runs import begin_run, plan_training_run
from db.session import Database
from web.fleet_view import see_fleet
from worker.app import TRAIN_MODEL, app
from worker.fleet.broker_contents import broker_seconds, open_broker
from worker.fleet.embedded_broker import EmbeddedBroker

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with TemporaryDirectory(prefix="vastra-") as folder:  # short: a socket's path has to fit into 107 bytes
        broker = EmbeddedBroker(Path(folder))
        yield broker.start()
        broker.stop()


@pytest.fixture
def connection(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    monkeypatch.setenv("CELERY_BROKER_URL", address)
    monkeypatch.setitem(app.conf, "broker_url", address)
    with open_broker() as connection:
        yield connection
        connection.flushall()
    app.close()


@pytest.fixture
def records(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    yield database
    database.close()


def say(connection: Redis, name: str, seconds: float, run: int | None) -> None:
    """Leave the entry of a worker that was heard of so many seconds ago, at a training run or waiting."""
    task = None if run is None else TRAIN_MODEL
    entry = {"task": task, "run": run, "at": broker_seconds(connection) - seconds, "queues": ["train"]}
    connection.set(f"vastra.worker.{name}", json.dumps(entry))


def test_who_was_killed_is_no_worker_and_whoever_is_at_a_long_run_is_one(
    connection: Redis, records: Database
) -> None:
    with records.write() as session:
        run = plan_training_run(session, "seed_cnn", {}, 0)
        begin_run(session, TrainingRun, run)
    say(connection, "killed@here", 600, run)
    say(connection, "trains@here", 500, run)
    say(connection, "silent@here", 120, None)
    say(connection, "waits@here", 5, None)
    connection.set("vastra.worker.foreign@here", b"\xff")
    assert [worker.name for worker in see_fleet(records).workers] == ["trains@here", "waits@here"]

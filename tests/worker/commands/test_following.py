"""Whoever waits for a run is told when no worker is there to take it up."""

import io
import threading
from collections.abc import Iterator

import pytest
from rich.console import Console

from db.crawls import CrawlArguments
from db.messages import CRAWL_QUEUE, RENDER_QUEUE
from db.models import CrawlRun
from db.repository.runs import begin_run, finish_crawl_run, finish_training_run, plan_training_run
from db.repository.slices import plan_slices
from db.session import Database
from worker.app import app
from worker.commands.following import follow_crawl, follow_training
from worker.fleet import presence
from worker.fleet.broker_contents import open_broker
from worker.fleet.consumers import is_consumed
from worker.fleet.waiting import wait_until


@pytest.fixture
def records(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the user reads."""
    text = io.StringIO()
    monkeypatch.setattr("worker.commands.following.terminal", Console(file=text, width=200))
    monkeypatch.setattr("worker.commands.following._LOOK_SECONDS", 0.02)
    return text


@pytest.mark.usefixtures("broker")
def test_who_waits_for_slices_hears_that_no_crawl_worker_is_there(
    records: Database, said: io.StringIO
) -> None:
    with records.write() as session:
        [run] = plan_slices(session, [CrawlArguments(search="a")])

    def finish_once_told() -> None:
        wait_until(lambda: "No crawl worker is running" in said.getvalue(), 30)
        with records.write() as session:
            begin_run(session, CrawlRun, run)
            finish_crawl_run(session, run, "finished", {})

    watcher = threading.Thread(target=finish_once_told)
    watcher.start()
    assert [each.id for each in follow_crawl(records, [run])] == [run]
    watcher.join()
    assert said.getvalue().count("is running, so it waits") == 1


@pytest.mark.usefixtures("broker")
def test_who_waits_for_a_training_hears_that_no_trainer_is_there(
    records: Database, said: io.StringIO
) -> None:
    with records.write() as session:
        run = plan_training_run(session, "seed_cnn", {}, 0)

    def finish_once_told() -> None:
        wait_until(lambda: "No train worker is running" in said.getvalue(), 30)
        with records.write() as session:
            finish_training_run(session, run)

    watcher = threading.Thread(target=finish_once_told)
    watcher.start()
    follow_training(records, run)
    watcher.join()
    assert "No train worker is running" in said.getvalue()


@pytest.mark.parametrize(("queue", "consumed"), [(CRAWL_QUEUE, True), (RENDER_QUEUE, False)])
def test_a_worker_says_which_queues_it_consumes(
    queue: str, records: Database, broker: str, monkeypatch: pytest.MonkeyPatch, *, consumed: bool
) -> None:
    assert broker
    monkeypatch.setattr(app.amqp.queues, "_consume_from", {CRAWL_QUEUE: None})
    presence._say("mine@here", None)
    try:
        assert is_consumed(records, queue) is consumed
    finally:
        with open_broker() as connection:
            connection.delete(f"{presence._PREFIX}mine@here")


def test_nobody_is_blamed_where_no_broker_can_be_asked(
    records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.fleet.broker_contents.app.conf.broker_url", "amqp://127.0.0.1:1")
    assert is_consumed(records, CRAWL_QUEUE)

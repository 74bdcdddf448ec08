import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from typer.testing import CliRunner, Result

from db.messages import CLASSIFY_QUEUE
from db.models import TrainingRun
from db.pictures.codes import Reason
from db.repository.runs import (
    beat,
    begin_run,
    finish_crawl_run,
    finish_training_run,
    plan_training_run,
    start_crawl_run,
)
from db.session import Database
from tests.conftest import ROOT, missing
from tests.factories import likely, model_version, predict, product, save
from tests.processes import PATIENCE_SECONDS
from tests.screens import plain
from worker.__main__ import app
from worker.app import CRAWL_SLICE, TRAIN_MODEL
from worker.app import app as celery
from worker.fleet.broker_contents import broker_seconds, open_broker
from worker.fleet.judged_workers import Work, judge_workers
from worker.fleet.presence import Presence, read_entries, say_begun
from worker.fleet.queue import enqueue_pending
from worker.fleet.status import read_status
from worker.fleet.sweeps import is_due
from worker.fleet.waiting import wait_until


@pytest.fixture
def records(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, set_database_url: Callable[[Database], None]
) -> Iterator[Database]:
    """Three images, of which one is pending and one set aside; a blocked crawl."""
    database = Database(sqlite_url)
    version = model_version(database)
    done, corrupt, _ = save(database, product("B000000001", 1, 2, 3))
    predict(database, version, {done: likely("jeans")}, failures={corrupt: Reason.CORRUPT})
    with database.write() as session:
        finish_crawl_run(session, start_crawl_run(session, "amazon.in", {}), "blocked", {"products_new": 1})
    set_database_url(database)
    monkeypatch.setenv("COLUMNS", "200")
    yield database
    database.close()


@pytest.fixture
def connection(broker: str) -> Iterator[Redis]:  # noqa: ARG001 - it has to run
    """The broker, from which a test's entries are taken away."""
    with open_broker() as connection:
        yield connection
        left: Any = connection.keys("vastra.*")
        if left:
            connection.delete(*left)


def invoke(*words: str) -> Result:
    return CliRunner().invoke(app, words)


@pytest.mark.usefixtures("broker")
def test_the_status_tells_of_queue_records_and_runs(records: Database) -> None:
    with records.read() as session:
        assert enqueue_pending(session) == 1
    status = read_status(records)
    [classify] = [queue for queue in status.queues if queue.name == CLASSIFY_QUEUE]
    assert classify.waiting == 1
    assert classify.oldest_seconds is not None
    assert classify.oldest_seconds < 300
    assert (status.pending, status.set_aside, status.active_model_version) == (1, {"corrupt": 1}, 1)
    assert status.last_crawl_run is not None
    assert status.last_crawl_run.outcome == "blocked"
    assert status.crawl_runs == {"planned": 0, "running": 0, "finished": 1}


@pytest.mark.usefixtures("broker", "records")
def test_one_screen_for_people_and_one_object_for_programs() -> None:
    screen = invoke("status")
    assert screen.exit_code == 0, screen.output
    for words in ("classify", "1 corrupt", "blocked", "pending images"):
        assert words in screen.stdout
    found = json.loads(invoke("status", "--json").stdout)
    assert (found["pending"], found["set_aside"]) == (1, {"corrupt": 1})
    assert found["last_crawl_run"]["started_at"].endswith("+00:00")


@pytest.mark.parametrize("broken", ["CELERY_BROKER_URL", "DATABASE_URL"])
def test_one_line_and_exit_code_1_where_something_does_not_answer(
    broken: str, broker: str, sqlite_url: str
) -> None:
    nobody = {
        "CELERY_BROKER_URL": "redis://:secret@127.0.0.1:1/0",
        "DATABASE_URL": "postgresql://vastra:secret@127.0.0.1:1/v",
    }
    environment = os.environ | {
        "CELERY_BROKER_URL": broker,
        "DATABASE_URL": sqlite_url,
        broken: nobody[broken],
    }
    result = subprocess.run(
        [sys.executable, "-m", "worker", "status"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr
    assert "secret" not in result.stderr


def test_a_worker_says_that_it_is_there_and_takes_its_entry_away(
    connection: Redis, short_folder: Path, broker: str, sqlite_url: str
) -> None:
    if find_spec("structlog") is None:
        missing("no JSON logs without structlog: install the locked requirements")
    environment = os.environ | {"CELERY_BROKER_URL": broker, "DATABASE_URL": sqlite_url}
    command = [sys.executable, "-m", "celery", "--app", "worker.app", "worker", "--queues", "crawl",
               "--hostname", "crawl@here", "--loglevel", "INFO"]  # fmt: skip
    log = short_folder / "log"
    with log.open("wb") as stream:
        environment |= {"VASTRA_FOLDER": str(short_folder), "VASTRA_LOG": "json"}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=stream)
    try:
        assert wait_until(
            lambda: [w.name for w in read_entries(connection).workers] == ["crawl@here"],
            PATIENCE_SECONDS,
            every=0.2,
        )
        [worker] = read_entries(connection).workers
        assert (worker.task, judge_workers([worker], frozenset())[0].consuming) == (None, True)
    finally:
        process.terminate()
        process.wait()
    assert read_entries(connection).workers == []
    lines = [
        json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")
    ]
    assert any("ready" in line["event"] for line in lines)


@pytest.mark.parametrize(
    ("worker", "alive", "consuming"),
    [
        (Presence("train@a", None, 10), (), True),
        (Presence("train@a", None, 120), (), False),
        (Presence("train@a", TRAIN_MODEL, 3600, run=7), (), False),
        (Presence("train@a", TRAIN_MODEL, 3600, run=7), ((TRAIN_MODEL, 7),), True),
        (Presence("train@a", TRAIN_MODEL, 3600, run=7), ((TRAIN_MODEL, 8),), False),
        (Presence("crawl@a", CRAWL_SLICE, 3600, run=7), ((TRAIN_MODEL, 7),), False),
    ],
)
def test_a_worker_consumes_that_was_heard_of_or_is_at_a_run_that_is_alive(
    worker: Presence, alive: tuple[Work, ...], *, consuming: bool
) -> None:
    assert [each.consuming for each in judge_workers([worker], frozenset(alive))] == [consuming]


def test_a_worker_that_was_killed_at_a_run_is_not_there_because_another_one_goes_on_with_it() -> None:
    killed = Presence("train@a", TRAIN_MODEL, 400, run=7)
    at_it = Presence("train@b", TRAIN_MODEL, 300, run=7)
    judged = judge_workers([killed, at_it], frozenset({(TRAIN_MODEL, 7)}))
    assert [(each.name, each.consuming) for each in judged] == [("train@a", False), ("train@b", True)]


def test_the_age_of_what_a_worker_has_taken_is_told(connection: Redis, records: Database) -> None:
    connection.zadd("unacked_index", {"tag": time.time() - 40})
    try:
        taken = read_status(records).taken
    finally:
        connection.zrem("unacked_index", "tag")
    assert taken.messages == 1
    assert taken.oldest_seconds is not None
    assert 40 <= taken.oldest_seconds < 100


def test_without_a_broker_it_shows_what_the_records_say(
    records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setitem(celery.conf, "broker_url", "redis://127.0.0.1:1/0")
    found = read_status(records)
    assert found.problem is not None
    assert (found.pending, found.set_aside, found.queues) == (1, {"corrupt": 1}, [])
    screen = invoke("status")
    assert screen.exit_code == 1
    assert "broker: does not answer; python -m db stats asks the records alone" in plain(screen.stdout)
    assert "1 corrupt" in screen.stdout


@pytest.mark.usefixtures("broker")
def test_a_training_that_is_under_way_tells_how_far_it_is(records: Database) -> None:
    progress = {"stage": "embedding", "done": 120, "total": 480, "metrics": {}}
    with records.write() as session:
        run = plan_training_run(session, "efficientnet_lite2", {}, seed=0)
        begin_run(session, TrainingRun, run)
        beat(session, TrainingRun, run, progress=progress)
    assert f"training run {run} │ embedding: 120 of 480 pictures, begun " in " ".join(
        invoke("status").stdout.split()
    )
    [told] = json.loads(invoke("status", "--json").stdout)["running_trainings"]
    assert (told["id"], told["kind"], told["stage"]) == (run, "training", "embedding")
    assert (told["done"], told["total"]) == (120, 480)
    with records.write() as session:
        finish_training_run(session, run)
    assert read_status(records).running_trainings == []


def test_a_message_of_somebody_else_is_counted_and_no_more(records: Database, connection: Redis) -> None:
    for message in (b"\xff\xfe no JSON", b"[]", b'{"headers": null}', b'{"headers": {"sent_at": "soon"}}'):
        connection.delete(CLASSIFY_QUEUE)
        connection.lpush(CLASSIFY_QUEUE, message)
        [classify] = [queue for queue in read_status(records).queues if queue.name == CLASSIFY_QUEUE]
        assert (classify.waiting, classify.oldest_seconds) == (1, None)
    connection.delete(CLASSIFY_QUEUE)


def test_a_queue_that_nobody_consumes_and_a_silent_schedule_are_named(
    records: Database, connection: Redis
) -> None:
    connection.lpush(CLASSIFY_QUEUE, b"{}")
    found = read_status(records)
    assert (found.unconsumed, found.swept_seconds) == ([CLASSIFY_QUEUE], None)
    assert "celery -A worker.app worker -Q classify" in invoke("status").stdout
    assert is_due()
    assert not is_due()  # the next look within seconds would see the same
    swept = read_status(records).swept_seconds
    assert swept is not None
    assert swept < 60
    connection.delete(CLASSIFY_QUEUE)


@pytest.mark.usefixtures("broker")
def test_what_the_first_training_waits_for_is_said(
    sqlite_url: str, set_database_url: Callable[[Database], None]
) -> None:
    database = Database(sqlite_url)
    save(database, *(product(f"B{seed}", seed, found_in="saree") for seed in range(3)))
    set_database_url(database)
    said = read_status(database).first_training
    assert said is not None
    assert "saree 3 of 40, jeans 0 of 40, trousers 0 of 40" in said
    database.close()


@pytest.mark.parametrize(
    "entry",
    [
        b"\xff\xfe no JSON",
        b"[]",
        b"7",
        b"{}",
        b'{"task": null, "at": "soon"}',
        b'{"task": null, "at": NaN}',
        b'{"task": null, "at": -Infinity}',
        b'{"task": ["a"], "at": 1}',
        b'{"task": null, "at": 1, "queues": 7}',
        b'{"task": null, "at": 1, "queues": [7]}',
        b'{"task": null, "at": 1, "run": "7"}',
        b'{"task": null, "at": 1' + 400 * b"0" + b"}",
        100_000 * b"[",
    ],
    ids=lambda entry: entry[:40].decode(errors="replace"),
)
@pytest.mark.usefixtures("records")
def test_what_no_worker_wrote_is_counted_and_left_out(connection: Redis, entry: bytes) -> None:
    connection.set("vastra.worker.classify@here", entry)
    screen = invoke("status")
    assert screen.exit_code == 0, screen.output
    assert "1 in the broker that no worker wrote" in screen.stdout
    found = json.loads(invoke("status", "--json").stdout)
    assert (found["workers"], found["foreign"]) == ([], 1)


@pytest.mark.usefixtures("records")
def test_entries_that_are_no_text_or_have_no_proper_name_are_left_out(connection: Redis) -> None:
    connection.lpush("vastra.worker.list@here", "{}")
    connection.set(b"vastra.worker.\xff", "{}")
    connection.lpush("vastra.swept", "1")
    found = json.loads(invoke("status", "--json").stdout)
    assert (found["problem"], found["workers"], found["foreign"]) == (None, [], 2)
    assert found["swept_seconds"] is None


@pytest.mark.usefixtures("records")
def test_a_name_steers_neither_the_table_nor_the_terminal(connection: Redis) -> None:
    entry = json.dumps({"task": "[/b]\x1b[31m", "at": broker_seconds(connection)})
    connection.set("vastra.worker.classify[/a]@here\x1b[2J", entry)
    screen = invoke("status")
    assert screen.exit_code == 0, screen.output
    assert "classify[/a]@here" in screen.stdout
    assert "\x1b[2J" not in screen.stdout


@pytest.mark.usefixtures("records")
def test_an_entry_of_a_time_to_come_makes_no_worker(connection: Redis) -> None:
    """The broker's clock was a day ahead when the worker was killed, and was put right."""
    tomorrow = broker_seconds(connection) + 86_400
    connection.set(
        "vastra.worker.crawl@here", json.dumps({"task": None, "at": tomorrow, "queues": ["crawl"]})
    )
    connection.set("vastra.swept", tomorrow)
    found = json.loads(invoke("status", "--json").stdout)
    assert (found["workers"], found["foreign"], found["swept_seconds"]) == ([], 1, None)


@pytest.mark.parametrize("left", [86_400_000, None])
def test_no_turn_of_a_wrong_clock_and_none_without_an_end_keeps_the_schedule_silent(
    connection: Redis, left: int | None
) -> None:
    """A turn ends by the broker's clock: set back by a day, it would last for a day."""
    connection.set("vastra.sweep", 1, px=left)
    assert is_due()
    assert not is_due()
    assert connection.pttl("vastra.sweep") <= 5_000


def test_a_message_that_was_sent_in_the_future_has_no_age(connection: Redis, records: Database) -> None:
    connection.lpush(CLASSIFY_QUEUE, json.dumps({"headers": {"sent_at": time.time() + 86_400}}))
    connection.zadd("unacked_index", {"tag": time.time() + 86_400})
    found = read_status(records)
    connection.zrem("unacked_index", "tag")
    [classify] = [queue for queue in found.queues if queue.name == CLASSIFY_QUEUE]
    assert (classify.waiting, classify.oldest_seconds) == (1, None)
    assert (found.taken.messages, found.taken.oldest_seconds) == (1, None)
    connection.delete(CLASSIFY_QUEUE)


@pytest.mark.parametrize(("arguments", "run"), [([7], 7), ([], None), (["7"], None)])
def test_a_worker_says_which_run_it_is_at(connection: Redis, arguments: list[Any], run: int | None) -> None:
    celery.loader.import_default_modules()
    task = celery.tasks[TRAIN_MODEL]
    task.push_request(hostname="train@here", args=arguments)
    try:
        say_begun(task, args=arguments)
    finally:
        task.pop_request()
    [worker] = read_entries(connection).workers
    assert (worker.task, worker.run) == (TRAIN_MODEL, run)

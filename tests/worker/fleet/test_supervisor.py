import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import delete

from db.models import Prediction
from db.queries.pending import count_pending
from db.session import Database
from tests.conftest import ROOT
from tests.processes import PATIENCE_SECONDS, child, children, is_living
from worker.fleet.waiting import wait_until

BROKER, SCHEDULE = "valkey-server", " beat "
CLASSIFIER, CRAWLER, TRAINER = "--queues classify", "--queues crawl", "--queues train"


@pytest.fixture
def supervisor(
    trained_file: Path, environment: dict[str, str], short_folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m worker run` on records in which everything is pending."""
    shutil.copy(trained_file, short_folder / "vastra.sqlite3")
    with (short_folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "worker", "run"],
            cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    yield process
    process.terminate()
    process.wait()


@pytest.fixture
def records(environment: dict[str, str]) -> Iterator[Database]:
    database = Database(environment["DATABASE_URL"])
    yield database
    database.close()


def is_done(database: Database) -> bool:
    with database.read() as session:
        return count_pending(session) == 0


def found(supervisor: subprocess.Popen[bytes], words: str) -> int:
    """Wait for a child and give its process id."""
    assert wait_until(lambda: child(supervisor.pid, words) is not None, PATIENCE_SECONDS, every=0.2)
    pid = child(supervisor.pid, words)
    assert pid is not None
    return pid


def kill(supervisor: subprocess.Popen[bytes], words: str) -> int:
    pid = found(supervisor, words)
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not is_living(pid), PATIENCE_SECONDS)
    return pid


def test_it_picks_up_what_is_pending_outlives_its_children_and_leaves_nothing_behind(
    supervisor: subprocess.Popen[bytes], records: Database, short_folder: Path
) -> None:
    assert wait_until(lambda: is_done(records), PATIENCE_SECONDS, every=0.5), (
        short_folder / "log"
    ).read_text()

    # Workers that outlive their broker find the next one.
    kill(supervisor, BROKER)
    with records.write() as session:
        session.execute(delete(Prediction))
    assert wait_until(lambda: is_done(records), PATIENCE_SECONDS, every=0.5), (
        short_folder / "log"
    ).read_text()

    before = {words: kill(supervisor, words) for words in (CLASSIFIER, CRAWLER, TRAINER, SCHEDULE)}
    for words, pid in before.items():
        assert found(supervisor, words) != pid

    log = (short_folder / "log").read_text()
    assert "Running classifier, crawler, trainer and schedule until Ctrl-C." in log
    for words in ("celery@", "[config]", "received", " ready.", "Warm shutdown"):
        assert words not in log, log

    left = set(children(supervisor.pid))
    assert len(left) == 5
    supervisor.terminate()
    assert supervisor.wait(PATIENCE_SECONDS) == 0
    assert not any(map(is_living, left))


def test_children_end_when_their_supervisor_is_killed_and_messages_stay_with_the_broker(
    supervisor: subprocess.Popen[bytes], short_folder: Path
) -> None:
    workers = [found(supervisor, words) for words in (CLASSIFIER, CRAWLER, TRAINER, SCHEDULE)]
    broker = found(supervisor, BROKER)
    log = short_folder / "log"
    with redis.Redis(unix_socket_path=str(short_folder / "broker" / "broker.sock")) as connection:
        entries = "vastra.worker.*"  # each worker writes its own when it is ready
        assert wait_until(
            lambda: len(list(connection.scan_iter(entries))) == 3, PATIENCE_SECONDS, every=0.2
        ), log.read_text()
        supervisor.kill()
        assert wait_until(lambda: not any(map(is_living, workers)), PATIENCE_SECONDS, every=0.2), (
            log.read_text()
        )
        assert is_living(broker)
        assert connection.info("server")["process_id"] == broker
        connection.shutdown(nosave=True)
    assert wait_until(lambda: not is_living(broker), PATIENCE_SECONDS)

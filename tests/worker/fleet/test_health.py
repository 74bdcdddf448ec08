import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.processes import PATIENCE_SECONDS, children
from worker.fleet.waiting import wait_until


def signs(folder: Path) -> list[str]:
    """What has shown life, by name; without the name of the machine."""
    return sorted(path.name.partition("@")[0] for path in folder.glob("alive/*"))


@pytest.fixture
def start(broker: str, short_folder: Path) -> Iterator[Callable[..., int]]:
    """Start Celery's own command with a folder of the test's own, and name its process."""
    started = []
    environment = os.environ | {"CELERY_BROKER_URL": broker, "VASTRA_FOLDER": str(short_folder)}

    def start(*words: str) -> int:
        command = [sys.executable, "-m", "celery", "--app", "worker.app", *words]
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL))
        return started[-1].pid

    yield start
    for process in started:
        process.terminate()
        process.wait()


def test_workers_and_schedule_show_that_they_consume_and_send(
    start: Callable[..., int], short_folder: Path
) -> None:
    """A crawl worker, whose queue is empty, shows it all the same: it is sent a task of its own."""
    worker = start("worker", "--queues", "crawl", "--hostname", "crawl@%h")
    start("beat", "--pidfile", "")
    assert wait_until(lambda: signs(short_folder) == ["crawl", "schedule"], PATIENCE_SECONDS, every=0.2), (
        signs(short_folder)
    )
    assert children(worker) == {}, "the pool is not solo"

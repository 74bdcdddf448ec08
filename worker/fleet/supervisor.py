"""Run everything a worker needs on one machine: the broker, three solo workers and the schedule."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

from db.messages import CLASSIFY_QUEUE, CRAWL_QUEUE, LEARN_QUEUE, RENDER_QUEUE, TRAIN_QUEUE
from db.settings import LOG, ROOT, settings
from worker.errors import BrokerError
from worker.fleet.embedded_broker import EmbeddedBroker
from worker.settings import SUPERVISOR

logger = logging.getLogger(__name__)

_GRACE_SECONDS: Final = 20
"""What a stopping worker gets to finish its batch; a training run goes on from its row at the next start."""

_RESTART_SECONDS: Final = (0, 1, 2, 5, 10, 30)
_STABLE_SECONDS: Final = 60


@dataclass
class Child:
    """A process that is started again when it ends, ever later if it keeps ending.

    Where it is brief, it writes what happened, a line each, and what is wrong; its standard output, on which Celery
    introduces itself, goes nowhere.
    """

    name: str
    arguments: list[str]
    is_brief: bool = True
    process: subprocess.Popen[bytes] | None = None
    started_at: float = field(default=0.0)
    failures: int = 0

    def check(self) -> None:
        """Start the process if it does not run and its time has come."""
        now = time.monotonic()
        if self.process is not None:
            if self.process.poll() is None:
                return
            logger.warning(
                "%s ended with %d", self.name, self.process.returncode, extra={"action": "process_ended"}
            )
            self.failures = 0 if now - self.started_at > _STABLE_SECONDS else self.failures + 1
            self.process = None
        if now - self.started_at >= _RESTART_SECONDS[min(self.failures, len(_RESTART_SECONDS) - 1)]:
            self.start()

    def start(self) -> None:
        """Start the process in a session of its own: Ctrl-C reaches the supervisor alone."""
        self.started_at = time.monotonic()
        told = "brief" if self.is_brief else "json" if settings().json_logs else ""
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and words
            [sys.executable, "-m", "celery", "--app", "worker.app", *self.arguments],
            cwd=ROOT,
            env={**os.environ, SUPERVISOR: str(os.getpid()), LOG: told},
            stdout=subprocess.DEVNULL if self.is_brief else None,
            start_new_session=True,
        )

    def stop(self, deadline: float) -> None:
        """Wait for the end of a process that was asked to end, and kill it at the deadline."""
        if self.process is None:
            return
        try:
            self.process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            logger.warning(
                "%s is killed; the next start takes its work up",
                self.name,
                extra={"action": "process_killed"},
            )
            self.process.kill()
            self.process.wait()


def children(level: str, *, is_brief: bool) -> list[Child]:
    """Name the processes of one machine: classifier, which learns as well, crawler, trainer and schedule.

    Args:
        level: the least that they log, such as INFO.
        is_brief: see Child.
    """
    beats = "WARNING" if level == "INFO" else level
    return [
        Child("classifier", _worker(level, CLASSIFY_QUEUE, LEARN_QUEUE), is_brief),
        Child("crawler", _worker(level, CRAWL_QUEUE, RENDER_QUEUE), is_brief),
        Child("trainer", _worker(level, TRAIN_QUEUE), is_brief),
        Child("schedule", ["beat", "--pidfile", "", "--loglevel", beats], is_brief),
    ]


def supervise(broker: EmbeddedBroker | None, supervised: list[Child]) -> None:
    """Keep the processes up until SIGTERM or Ctrl-C; then let them finish, and stop the broker last."""
    over = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        over.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        if broker is not None:
            logger.info("the broker is %s", broker.start(), extra={"action": "broker_started"})
        while not over.is_set():
            if broker is not None:
                _keep_up(broker)
            for child in supervised:
                child.check()
            over.wait(1)
    finally:
        _stop(supervised)
        if broker is not None:
            broker.stop()


def _keep_up(broker: EmbeddedBroker) -> None:
    try:
        if broker.check():
            logger.warning(
                "the embedded broker had died and was started again", extra={"action": "broker_restarted"}
            )
    except BrokerError as error:
        logger.error("%s; trying again", error, extra={"action": "broker_lost"})  # noqa: TRY400 - the message says all


def _stop(supervised: list[Child]) -> None:
    logger.info(
        "stopping: at most %d s for the batch at hand", _GRACE_SECONDS, extra={"action": "workers_stopped"}
    )
    deadline = time.monotonic() + _GRACE_SECONDS
    for child in supervised:
        if child.process is not None and child.process.poll() is None:
            child.process.terminate()
    for child in supervised:
        child.stop(deadline)


def _worker(level: str, *queues: str) -> list[str]:
    return [
        "worker", "--queues", ",".join(queues), "--hostname", f"{queues[0]}@%h",
        "--without-gossip", "--without-mingle", "--loglevel", level,
    ]  # fmt: skip

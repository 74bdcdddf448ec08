"""Which workers there are, and what they are at: each says so in the broker around every task it consumes.

The signs of life of worker.fleet.health are files, for the health check beside a worker; these are for whoever asks
from elsewhere. A worker that ends takes its entry away, one that is killed leaves it for an hour at most.
"""

import json
import logging
from dataclasses import dataclass
from typing import Any, Final

from celery import Task
from celery.signals import task_postrun, task_prerun, worker_ready, worker_shutdown
from redis import Redis, RedisError

from worker.app import CRAWL_SLICE, LEARN_HEAD, PROBE, TRAIN_MODEL, app
from worker.errors import BrokerError
from worker.fleet.broker_contents import SET_RIGHT_SECONDS, broker_seconds, open_broker, seconds_since

logger = logging.getLogger(__name__)

_PREFIX: Final = "vastra.worker."
_KEPT_SECONDS: Final = 3600
_RUNS: Final = frozenset({TRAIN_MODEL, LEARN_HEAD, CRAWL_SLICE})
"""Tasks whose argument is a run, which beats while somebody is at it."""

_SILENT: Final = (RedisError, BrokerError)
"""The worker itself tells of a lost broker; one that is no Redis has no place for entries."""


@dataclass(frozen=True)
class Presence:
    """What one worker last said.

    Attributes:
        name: as Celery calls it, such as `classify@host`.
        task: what it is at; None while it waits.
        seconds: since it said so.
        queues: what it consumes.
        run: the id of the run that it is at; None where its task is none.
    """

    name: str
    task: str | None
    seconds: float
    queues: tuple[str, ...] = ()
    run: int | None = None


@dataclass(frozen=True)
class Entries:
    """What the broker has in the place of workers' entries.

    Attributes:
        workers: those that have said something within the last hour, by name.
        foreign: entries that tell of no worker: somebody else's, or of a time that is still to come.
    """

    workers: list[Presence]
    foreign: int


def read_entries(broker: Redis) -> Entries:
    """Read what workers have said; whatever else lies there is counted, and no more."""
    found, foreign, now = [], 0, broker_seconds(broker)
    for key in broker.scan_iter(match=f"{_PREFIX}*"):
        said = broker.get(key) if broker.type(key) == b"string" else b""
        worker = _read(bytes(key), said, now) if isinstance(said, bytes) else None
        if worker is not None:
            found.append(worker)
        elif said is not None:  # else it has gone between the two questions
            foreign += 1
    return Entries(sorted(found, key=lambda worker: worker.name), foreign)


def _read(key: bytes, said: bytes, now: float) -> Presence | None:
    """Read an entry; None where it tells of no worker."""
    try:
        name, entry = key.decode().removeprefix(_PREFIX), json.loads(said)
        seconds, task = seconds_since(float(entry["at"]), now, SET_RIGHT_SECONDS), entry["task"]
        queues, run = entry.get("queues", []), entry.get("run")  # an earlier version says none
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None
    is_sound = (
        isinstance(task, str | None)
        and isinstance(run, int | None)
        and isinstance(queues, list)
        and all(isinstance(queue, str) for queue in queues)
    )
    return Presence(name, task, seconds, tuple(queues), run) if is_sound and seconds is not None else None


@worker_ready.connect
def say_ready(sender: Any, **_: Any) -> None:
    """Say that the worker is there, before its first task."""
    _say(sender.hostname, None)


@task_prerun.connect
def say_begun(task: Task[Any, Any], args: Any = (), **_: Any) -> None:
    """Say what the worker is at; a probe is nothing to speak of."""
    if task.name != PROBE:
        run = next(iter(args), None) if task.name in _RUNS else None
        _say(task.request.hostname, task.name, run if isinstance(run, int) else None)


@task_postrun.connect
def say_done(task: Task[Any, Any], **_: Any) -> None:
    """Say that the worker has consumed a task."""
    _say(task.request.hostname, None)


@worker_shutdown.connect
def say_gone(sender: Any, **_: Any) -> None:
    """Take the entry away."""
    try:
        with open_broker() as broker:
            broker.delete(f"{_PREFIX}{sender.hostname}")
    except _SILENT as error:
        logger.debug("could not say that %s is gone: %s", sender.hostname, error)


def _say(name: str | None, task: str | None, run: int | None = None) -> None:
    """Write an entry that forgets itself; a task called without a worker has no name, and says nothing."""
    if name is None:
        return
    try:
        with open_broker() as broker:
            at = broker_seconds(broker)
            entry = {"task": task, "run": run, "at": at, "queues": list(app.amqp.queues.consume_from)}
            broker.set(f"{_PREFIX}{name}", json.dumps(entry), ex=_KEPT_SECONDS)
    except _SILENT as error:
        logger.debug("could not say what %s does: %s", name, error)

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

from worker.app import PROBE, app
from worker.errors import BrokerError
from worker.fleet.broker_contents import broker_seconds, open_broker

logger = logging.getLogger(__name__)

_PREFIX: Final = "vastra.worker."
_KEPT_SECONDS: Final = 3600
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
    """

    name: str
    task: str | None
    seconds: float
    queues: tuple[str, ...] = ()


def list_workers(broker: Redis) -> list[Presence]:
    """List the workers that have said something within the last hour, by name."""
    found, now = [], broker_seconds(broker)
    for key in broker.scan_iter(match=f"{_PREFIX}*"):
        said = broker.get(key)
        if isinstance(said, bytes):
            entry = json.loads(said)
            name = bytes(key).decode().removeprefix(_PREFIX)
            seconds = max(0.0, now - entry["at"])
            queues = tuple(entry.get("queues", ()))  # an earlier version says none
            found.append(Presence(name, entry["task"], seconds, queues))
    return sorted(found, key=lambda worker: worker.name)


@worker_ready.connect
def say_ready(sender: Any, **_: Any) -> None:
    """Say that the worker is there, before its first task."""
    _say(sender.hostname, None)


@task_prerun.connect
def say_begun(task: Task[Any, Any], **_: Any) -> None:
    """Say what the worker is at; a probe is nothing to speak of."""
    if task.name != PROBE:
        _say(task.request.hostname, task.name)


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


def _say(name: str | None, task: str | None) -> None:
    """Write an entry that forgets itself; a task called without a worker has no name, and says nothing."""
    if name is None:
        return
    try:
        with open_broker() as broker:
            at = broker_seconds(broker)
            entry = {"task": task, "at": at, "queues": list(app.amqp.queues.consume_from)}
            broker.set(f"{_PREFIX}{name}", json.dumps(entry), ex=_KEPT_SECONDS)
    except _SILENT as error:
        logger.debug("could not say what %s does: %s", name, error)

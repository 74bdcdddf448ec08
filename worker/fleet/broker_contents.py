"""What lies in the broker: the messages of each queue, and those that a worker has taken and not acknowledged."""

import json
import math
import time
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis

from db.broker import open_redis
from db.errors import NoRedisError
from db.messages import CLASSIFY_QUEUE, CRAWL_QUEUE, LEARN_QUEUE, RENDER_QUEUE, SENT_AT, TRAIN_QUEUE
from db.states.run_states import AHEAD
from worker.app import app
from worker.errors import BrokerError

QUEUES: Final = (CLASSIFY_QUEUE, LEARN_QUEUE, CRAWL_QUEUE, RENDER_QUEUE, TRAIN_QUEUE)

SET_RIGHT_SECONDS: Final = 30
"""By so much a broker's clock may be put back; what is later by that clock was written while it was wrong."""

_PATIENCE_SECONDS: Final = 5
_UNACKNOWLEDGED: Final = "unacked_index"
"""Where kombu's Redis transport keeps what a worker has taken, by the time of taking."""


@dataclass(frozen=True)
class Queue:
    """The messages that wait in a queue; `oldest_seconds` is None where none waits or its age is unknown."""

    name: str
    waiting: int
    oldest_seconds: float | None


@dataclass(frozen=True)
class Taken:
    """The messages that workers have taken: nothing is acknowledged before its work is in the records."""

    messages: int
    oldest_seconds: float | None


def open_broker() -> Redis:
    """Connect to the broker of the app, to be closed by the caller; it answers in 5 s or raises RedisError.

    Raises:
        BrokerError: the broker is none that speaks Redis' protocol.
    """
    try:
        return open_redis(str(app.conf.broker_url), _PATIENCE_SECONDS)
    except NoRedisError as error:
        raise BrokerError(str(error)) from error


def broker_seconds(broker: Redis) -> float:
    """Give the broker's time in seconds since 1970: the only clock that all who ask have in common."""
    told: Any = broker.time()  # typed for both kinds of client
    seconds, microseconds = told
    return float(seconds) + float(microseconds) / 1e6


def seconds_since(moment: float, now: float, ahead: float = AHEAD.total_seconds()) -> float | None:
    """Give the seconds since a moment; None where it is still to come, by more than `ahead` seconds."""
    seconds = now - moment
    return max(0.0, seconds) if -ahead < seconds < math.inf else None


def count_messages(broker: Redis) -> list[Queue]:
    """Count what waits, and how long the first in the row has waited."""
    return [Queue(name, _length(broker, name), _oldest(broker, name)) for name in QUEUES]


def count_taken(broker: Redis) -> Taken:
    """Count what workers have taken, and how long ago the first of it was."""
    first: Any = broker.zrange(_UNACKNOWLEDGED, 0, 0, withscores=True)
    number: Any = broker.zcard(_UNACKNOWLEDGED)
    return Taken(number, seconds_since(first[0][1], time.time()) if first else None)


def _length(broker: Redis, queue: str) -> int:
    number: Any = broker.llen(queue)
    return int(number)


def _oldest(broker: Redis, queue: str) -> float | None:
    """Read when the next message to be taken was sent; senders write it into its headers."""
    message: Any = broker.lindex(queue, -1)
    try:
        sent_at = None if message is None else float(json.loads(message)["headers"][SENT_AT])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None  # not one of ours, or of an earlier version
    return None if sent_at is None else seconds_since(sent_at, time.time())

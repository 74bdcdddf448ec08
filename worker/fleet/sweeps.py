"""When the records were last looked after: told in the broker, by its own clock."""

import logging
from typing import Any, Final

from redis import Redis, RedisError

from worker.app import SWEEP_SECONDS
from worker.errors import BrokerError
from worker.fleet.broker_contents import broker_seconds, open_broker

logger = logging.getLogger(__name__)

_TURN: Final = "vastra.sweep"
_LAST: Final = "vastra.swept"


def is_due() -> bool:
    """Say whether nobody has swept in the last seconds, and take the turn if so.

    Looks that nobody took in time pile up; the first one sees what all would have seen, and the others come to
    nothing. No two machines' clocks are compared. A broker that is no Redis keeps no turns.
    """
    try:
        with open_broker() as broker:
            is_ours = bool(broker.set(_TURN, 1, nx=True, px=SWEEP_SECONDS * 500))
            if is_ours:
                broker.set(_LAST, broker_seconds(broker))
            return is_ours
    except (BrokerError, RedisError) as error:
        logger.debug("could not ask for the turn to sweep: %s", error)
        return True


def seconds_since_sweep(broker: Redis) -> float | None:
    """Give how long ago a worker last looked after the records; None where none ever did."""
    last: Any = broker.get(_LAST)
    return None if last is None else max(0.0, broker_seconds(broker) - float(last))

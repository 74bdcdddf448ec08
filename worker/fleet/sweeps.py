"""When the records were last looked after: told in the broker, by its own clock."""

import logging
from typing import Any, Final

from redis import Redis, RedisError, ResponseError

from worker.app import SWEEP_SECONDS
from worker.errors import BrokerError
from worker.fleet.broker_contents import SET_RIGHT_SECONDS, broker_seconds, open_broker, seconds_since

logger = logging.getLogger(__name__)

_TURN: Final = "vastra.sweep"
_LAST: Final = "vastra.swept"
_TURN_MILLISECONDS: Final = SWEEP_SECONDS * 500
_WITHOUT_END: Final = -1
"""What Redis says is left of a key that does not expire."""


def is_due() -> bool:
    """Say whether nobody has swept in the last seconds, and take the turn if so.

    Looks that nobody took in time pile up; the first one sees what all would have seen, and the others come to
    nothing. No two machines' clocks are compared. A turn that would last longer than any was taken before the
    broker's clock was set back, and one that would never end is somebody else's: neither counts. A broker that is
    no Redis keeps no turns.
    """
    try:
        with open_broker() as broker:
            is_ours = bool(broker.set(_TURN, 1, nx=True, px=_TURN_MILLISECONDS)) or _replace_turn(broker)
            if is_ours:
                broker.set(_LAST, broker_seconds(broker))
            return is_ours
    except (BrokerError, RedisError) as error:
        logger.debug("could not ask for the turn to sweep: %s", error)
        return True


def seconds_since_sweep(broker: Redis) -> float | None:
    """Give how long ago a worker last looked after the records; None where none ever did, or at a time to come."""
    try:
        last: Any = broker.get(_LAST)
        return None if last is None else seconds_since(float(last), broker_seconds(broker), SET_RIGHT_SECONDS)
    except (ValueError, ResponseError):  # somebody else's
        return None


def _replace_turn(broker: Redis) -> bool:
    """Take the turn in place of one that does not count; say whether there was one."""
    left: Any = broker.pttl(_TURN)
    if left != _WITHOUT_END and left <= _TURN_MILLISECONDS:
        return False
    broker.set(_TURN, 1, px=_TURN_MILLISECONDS)
    return True

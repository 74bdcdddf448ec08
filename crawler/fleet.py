"""What the crawlers of all machines agree on through the broker's Redis: whose turn it is, and who must wait.

Two keys a domain, both of which expire by themselves, so that a killed crawler holds nobody up: `turn` exists
for one delay after each request, and `pause` while the domain is left in silence after a block page. Each says who
wrote it and how many milliseconds it is to last: Redis keeps the moment of its end, by a clock that may be set back.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Final, TypeVar
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError

from db.broker import broker_url, open_redis_async, speaks_redis

_logger = logging.getLogger(__name__)

_PATIENCE_SECONDS: Final = 2.0
_ALONE_SECONDS: Final = 30.0
"""How long a crawler whose Redis does not answer goes on by itself before it asks again."""

_LONGEST_MILLISECONDS: Final = 3_600_000
"""What is believed of a turn or a pause that does not say how long it is to last."""

_DIGITS: Final = 12
"""More than any number of milliseconds has."""

_WITHOUT_END: Final = -1
"""What Redis says is left of a key that does not expire: it is somebody else's."""

_LONGEST_SLEEP_SECONDS: Final = 0.5
_PAUSE_LOOK_SECONDS: Final = 1.0

Result = TypeVar("Result")


class Fleet:
    """The other crawlers, as far as the broker's Redis is shared with them.

    Without a broker, or with one that is no Redis, every method returns at once: the crawler is alone, and its
    own delay is all that holds.

    Args:
        is_stopping: asked during every wait, which it ends.
    """

    def __init__(self, is_stopping: Callable[[], bool]) -> None:
        self._is_stopping = is_stopping
        self._name = uuid4().hex
        self._redis: Redis | None = None
        self._alone_until = 0.0
        self._pause_looked_at: dict[str, float] = {}
        self._pause_told_until: dict[str, float] = {}

    async def take_turn(self, domain: str, delay_seconds: float) -> None:
        """Wait until the domain is not paused, and no crawler has sent it a request for the last delay."""
        if delay_seconds <= 0 and monotonic() - self._pause_looked_at.get(domain, 0) < _PAUSE_LOOK_SECONDS:
            return
        await self._wait_for_pause(domain)
        self._pause_looked_at[domain] = monotonic()
        milliseconds, key = round(delay_seconds * 1000), _key("turn", domain)
        while milliseconds > 0 and not self._is_stopping():
            left = await self._ask(lambda redis: _take_or_wait(redis, key, self._name, milliseconds), 0)
            if left <= 0:
                return
            await asyncio.sleep(min(left / 1000, _LONGEST_SLEEP_SECONDS))

    async def pause(self, domain: str, seconds: float) -> None:
        """Have the other crawlers leave the domain in silence for so long; a longer pause stays."""
        milliseconds = round(seconds * 1000)
        if milliseconds > 0:
            key = _key("pause", domain)
            await self._ask(lambda redis: _pause(redis, key, self._name, milliseconds), None)

    async def close(self) -> None:
        """Give the connection back."""
        if self._redis is not None:
            await self._redis.aclose()
            self._redis = None

    async def _wait_for_pause(self, domain: str) -> None:
        while not self._is_stopping():
            left = await self._ask(lambda redis: _pause_left(redis, _key("pause", domain), self._name), 0)
            if left <= 0:
                return
            self._tell_of_pause(domain, left / 1000)
            await asyncio.sleep(min(left / 1000, _LONGEST_SLEEP_SECONDS))

    def _tell_of_pause(self, domain: str, seconds: float) -> None:
        """Say once a pause, and not once a request, what is waited for."""
        if monotonic() > self._pause_told_until.get(domain, 0):
            self._pause_told_until[domain] = monotonic() + seconds
            _logger.warning(
                "%s: another crawler met a block page; waiting %.0f s",
                domain,
                seconds,
                extra={"action": "crawl_paused"},
            )

    async def _ask(self, question: Callable[[Redis], Awaitable[Result]], otherwise: Result) -> Result:
        """Put a question to Redis; while it cannot be reached, the answer is `otherwise`."""
        if monotonic() < self._alone_until:
            return otherwise
        try:
            self._redis = self._redis or _connect(broker_url())
            if self._redis is not None:
                return await question(self._redis)
        except (RedisError, OSError, ValueError) as error:
            _logger.warning(
                "the broker does not answer, crawling without regard to others: %s",
                error,
                extra={"action": "broker_lost"},
            )
        self._alone_until = monotonic() + _ALONE_SECONDS
        return otherwise


def _connect(address: str | None) -> Redis | None:
    """Make a client of the broker; None where there is no broker, or one of another kind."""
    if address is None or not speaks_redis(address):
        return None
    return open_redis_async(address, _PATIENCE_SECONDS)


async def _take_or_wait(redis: Redis, key: str, name: str, milliseconds: int) -> int:
    """Take the turn, or tell how many milliseconds are left of somebody else's."""
    said = _spell(name, milliseconds)
    if await redis.set(key, said, nx=True, px=milliseconds):
        return 0
    left = await _left(redis, key)
    if left == _WITHOUT_END:
        await redis.set(key, said, px=milliseconds)
        return milliseconds
    return max(1, left)


async def _pause(redis: Redis, key: str, name: str, milliseconds: int) -> None:
    if await _left(redis, key) < milliseconds:
        await redis.set(key, _spell(name, milliseconds), px=milliseconds)


async def _pause_left(redis: Redis, key: str, name: str) -> int:
    """Tell the milliseconds left of a pause; whoever began it keeps count itself."""
    by: Any = await redis.get(key)
    return 0 if by is None or _read(by)[0] == name.encode() else await _left(redis, key)


async def _left(redis: Redis, key: str) -> int:
    """Tell the milliseconds left of a turn or a pause; under 0 where there is none, or it is somebody else's key.

    One that would last longer than it said was written before the clock of Redis was set back: it begins anew, which
    is no less polite, where everybody would have waited for as long as the clock was ahead.
    """
    # In one transaction: else another turn may begin between the two questions.
    async with redis.pipeline(transaction=True) as both:
        both.get(key)
        both.pttl(key)
        said, left = await both.execute()
    whole = _read(said)[1]
    if int(left) > whole:
        await redis.set(key, said, px=whole)
    return min(int(left), whole)


def _spell(name: str, milliseconds: int) -> str:
    return f"{name} {milliseconds}"


def _read(said: bytes | None) -> tuple[bytes, int]:
    """Read who wrote a turn or a pause, and how many milliseconds it is to last; an earlier version did not say."""
    name, _, number = (said or b"").partition(b" ")
    is_sound = number.isdigit() and 0 < len(number) < _DIGITS
    return name, max(1, int(number)) if is_sound else _LONGEST_MILLISECONDS


def _key(word: str, domain: str) -> str:
    return f"vastra:{word}:{domain}"

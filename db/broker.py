"""The broker: where it is, and the one way to its Redis beside Celery's own.

Crawlers take turns in it, workers say there what they are at, and whoever looks on counts what waits.
"""

from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from db.errors import NoRedisError
from db.settings import settings

_SCHEMES: Final = {"redis": "redis", "rediss": "rediss", "redis+socket": "unix"}
"""What redis-py calls the kinds of address that kombu knows."""


def broker_url() -> str | None:
    """Give the broker's address: CELERY_BROKER_URL, else that of the embedded broker, else None."""
    if settings().broker_url is not None:
        return settings().broker_url
    try:
        return address_file(settings().folder).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def address_file(folder: Path) -> Path:
    """Name the file where an embedded broker writes its address for the programs."""
    return folder / "broker-url"


def embedded_socket(folder: Path) -> Path:
    """Name the socket of a folder's embedded broker, started or not."""
    return folder / "broker" / "broker.sock"


def address_of(socket: Path) -> str:
    """Spell a socket as a broker's address."""
    return f"redis+socket://{quote(str(socket))}"


def socket_of(address: str) -> Path:
    """Give the socket of a redis+socket:// address."""
    return Path(unquote(urlsplit(address).path))


def speaks_redis(address: str) -> bool:
    """Say whether the broker at an address is a Redis or Valkey server."""
    return urlsplit(address).scheme in _SCHEMES


def open_redis(address: str, patience_seconds: float) -> redis.Redis:
    """Make a client of the broker, to be closed by the caller; it tries once, and raises RedisError.

    Raises:
        NoRedisError: the broker is of another kind.
    """
    return redis.Redis.from_url(
        _redis_url(address), retry=Retry(NoBackoff(), retries=0), **_timeouts(patience_seconds)
    )


def open_redis_async(address: str, patience_seconds: float) -> redis.asyncio.Redis:
    """Make a client of the broker for asyncio; it tries twice, as a connection that lay idle may be closed.

    Raises:
        NoRedisError: the broker is of another kind.
    """
    return redis.asyncio.Redis.from_url(
        _redis_url(address), retry=AsyncRetry(NoBackoff(), 1), **_timeouts(patience_seconds)
    )


def _timeouts(seconds: float) -> dict[str, Any]:
    return {"socket_timeout": seconds, "socket_connect_timeout": seconds}


def _redis_url(address: str) -> str:
    if not speaks_redis(address):
        kind = urlsplit(address).scheme
        raise NoRedisError(
            f"only a Redis or Valkey server can be asked for more than messages; got {kind}://"
        )
    parts = urlsplit(address)
    if parts.scheme != "redis+socket":
        return address
    (database,) = parse_qs(parts.query).get("virtual_host", ["0"])[:1]
    return f"unix://{parts.path}?db={database}"

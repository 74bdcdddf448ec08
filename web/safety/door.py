"""Who may come in: whoever has the token, once, and then the cookie that it was changed for."""

import hmac
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import Final

LIFETIME_SECONDS: Final = 30 * 24 * 3600
"""Of a cookie; whoever comes back later brings a token again."""

_SECRET: Final = "web-secret"  # noqa: S105 - the name of a file


class Door:
    """Changes tokens for cookies, and knows its own cookies again, also after a restart.

    Args:
        token: what opens the door.
        secret: signs the cookies; the same one at the next start keeps them good.
        once: whether the token is good for one browser alone, as one that stands on a screen should be.
        port: the page's, which the cookie's name holds: browsers send a host's cookies to all of its ports.
        clock: gives seconds since the epoch.
    """

    def __init__(
        self, token: str, secret: bytes, *, once: bool, port: int, clock: Callable[[], float] = time.time
    ) -> None:
        self.cookie_name = f"vastra-{port}"
        self._token, self._secret, self._once, self._clock = token, secret, once, clock
        self._lock, self._is_used = Lock(), False

    def admit(self, token: str) -> str | None:
        """Change the token for a cookie; None where it is another, or was good once."""
        with self._lock:
            if not hmac.compare_digest(token.encode(), self._token.encode()) or (
                self._once and self._is_used
            ):
                return None
            self._is_used = True
        return self._cookie(int(self._clock()) + LIFETIME_SECONDS)

    def knows(self, cookie: str) -> bool:
        """Say whether this door gave the cookie, and whether it is still good."""
        until, _, _ = cookie.partition(".")
        if not until.isascii() or not until.isdigit() or len(until) > 12:  # noqa: PLR2004 - digits of a moment
            return False
        return int(until) > self._clock() and hmac.compare_digest(
            cookie.encode(), self._cookie(int(until)).encode()
        )

    def _cookie(self, until: int) -> str:
        return f"{until}.{hmac.digest(self._secret, str(until).encode(), 'sha256').hex()}"


def open_door(operators_token: str | None, folder: Path, port: int) -> tuple[Door, str]:
    """Make a door and the token that opens it: the operator's own, else a random one that is good once.

    Args:
        operators_token: good for as long as it is set; its cookies are good as long.
        folder: keeps the secret by which cookies outlive a restart, readable by its owner alone.
        port: the page's.
    """
    if operators_token is not None:
        secret = hmac.digest(operators_token.encode(), b"cookies of the page", "sha256")
        return Door(operators_token, secret, once=False, port=port), operators_token
    token = secrets.token_urlsafe(24)
    return Door(token, _kept_secret(folder / _SECRET), once=True, port=port), token


def _kept_secret(path: Path) -> bytes:
    """Read the secret, which is made whole or not at all; one that others could read is made anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_mode & 0o077:
        path.unlink()
    with NamedTemporaryFile(dir=path.parent, prefix=".web-") as part:  # readable by its owner alone
        part.write(secrets.token_bytes(32))
        part.flush()
        with suppress(FileExistsError):  # of an earlier start, or of another page beside this one
            os.link(part.name, path)
    return path.read_bytes()

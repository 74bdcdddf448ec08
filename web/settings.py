"""What the page is told by the environment, read once."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Final

from db.errors import SettingsError

SHORTEST_TOKEN: Final = 16
"""Characters of an operator's token; a shorter one could be guessed."""


@dataclass(frozen=True)
class WebSettings:
    """The settings of the page.

    Attributes:
        token: the operator's own, good for as long as it is set; None: one is made at each start, and is good
            once; VASTRA_WEB_TOKEN.
        hosts: further names by which browsers may ask for the page, such as a reverse proxy's, without port;
            VASTRA_WEB_HOSTS, separated by commas.
    """

    token: str | None
    hosts: frozenset[str]


@cache
def web_settings() -> WebSettings:
    """Read the environment.

    Raises:
        SettingsError: the token is too short to be one.
    """
    token = os.environ.get("VASTRA_WEB_TOKEN") or None
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise SettingsError(
            f"VASTRA_WEB_TOKEN needs {SHORTEST_TOKEN} characters or more, got one of {len(token)}"
        )
    names = os.environ.get("VASTRA_WEB_HOSTS", "").split(",")
    return WebSettings(token, frozenset(name.strip().lower() for name in names if name.strip()))

"""Which domains are left in silence, and until when, because they refused or asked to be asked later."""

from collections import defaultdict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Final

from scrapy import Request
from scrapy.http import Response

SAY_SLOWER: Final = frozenset({429, 503})
"""Statuses by which a host asks to be asked later."""
IS_PICTURE: Final = "is_picture"
"""The meta key of a request for a picture, which does not wait as long as a page."""

_PICTURE_PATIENCE_SECONDS: Final = 150.0
_PATIENCE_SECONDS: Final = 600.0
_DAY_SECONDS: Final = 86_400.0


def patience_seconds(request: Request) -> float:
    """Tell how long a silence is waited for; a picture can be left to a later crawl."""
    return _PICTURE_PATIENCE_SECONDS if request.meta.get(IS_PICTURE) else _PATIENCE_SECONDS


def retry_after_seconds(response: Response) -> float | None:
    """Read the header Retry-After, seconds or a date (RFC 9110, section 10.2.3); None where it says nothing.

    A day is the longest, since no crawl lasts so long.
    """
    text = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _DAY_SECONDS)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(0.0, seconds), _DAY_SECONDS)


class Silences:
    """When each domain may be asked again; a longer silence stays."""

    def __init__(self) -> None:
        self._until: defaultdict[str, float] = defaultdict(float)

    def begin(self, domain: str, seconds: float) -> None:
        """Leave the domain in silence for so long."""
        self._until[domain] = max(self._until[domain], monotonic() + seconds)

    def left_seconds(self, domain: str) -> float:
        """Tell how long the domain's silence lasts yet; 0 where there is none."""
        return max(0.0, self._until[domain] - monotonic())

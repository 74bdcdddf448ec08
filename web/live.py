"""Tells open pages what changed: one look at the records a second, however many pages listen, and none without."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from db.errors import RecordsError

Look = Callable[[], Mapping[str, str]]
"""Gives a word for each topic, which is another as soon as something is new; it may block."""

_LOG = logging.getLogger(__name__)


class Pulse:
    """Looks again and again while anybody listens.

    Args:
        look: what is looked at.
        seconds: between two looks.
    """

    def __init__(self, look: Look, seconds: float = 1.0) -> None:
        self._look, self._seconds = look, seconds
        self._listeners: set[asyncio.Queue[frozenset[str]]] = set()
        self._beating: asyncio.Task[None] | None = None
        self._is_over = False

    async def listen(self) -> AsyncGenerator[frozenset[str]]:
        """Give the topics in which something changed, again and again; no topic where all is as it was.

        A listener is told something at every look, so that one that is gone is noticed.
        """
        news: asyncio.Queue[frozenset[str]] = asyncio.Queue()
        self._listeners.add(news)
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat())
        try:
            while not self._is_over:
                yield await news.get()
        finally:
            self._listeners.discard(news)
            if not self._listeners and self._beating is not None:
                self._beating.cancel()
                self._beating = None

    def end(self) -> None:
        """Let every listener go, as the page ends."""
        self._is_over = True
        for news in self._listeners:
            news.put_nowait(frozenset())

    async def _beat(self) -> None:
        known: Mapping[str, str] = {}
        with suppress(asyncio.CancelledError):
            while True:
                try:
                    seen = await run_in_threadpool(self._look)
                except (SQLAlchemyError, RecordsError, OSError):  # it comes back: the next look tells
                    _LOG.warning("could not look what changed", exc_info=True)
                    seen = known
                changed = frozenset(topic for topic in seen if known and seen[topic] != known.get(topic))
                known = seen
                for news in self._listeners:
                    news.put_nowait(changed)
                await asyncio.sleep(self._seconds)

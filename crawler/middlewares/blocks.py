"""Recognise block pages by their body, be silent for a while, and stop the crawl if that does not help."""

import asyncio
import logging
from collections import defaultdict
from time import monotonic
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawler.downloader import FleetDownloader
from crawler.errors import BlockedError, PageBlockedError
from crawler.pages.amazon.layout import classify_page
from crawler.stopping import is_stopping, stop_crawl

_logger = logging.getLogger(__name__)

_SAY_SLOWER = frozenset({429, 503})
_ATTEMPTS = "block_retries"
_TICK_SECONDS = 0.2


class BlockPages:
    """Retries a page that was refused after ever longer silence towards its whole domain, of the whole fleet.

    Args:
        crawler: whose spider's pages these are; pictures and robots.txt are none.
        delays_seconds: the silence before each retry; after the last one the crawl stops as blocked.
    """

    def __init__(self, crawler: Crawler, delays_seconds: list[float]) -> None:
        self._crawler = crawler
        self._delays_seconds = delays_seconds
        self._silent_until: defaultdict[str, float] = defaultdict(float)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the middleware; Scrapy calls this."""
        delays = crawler.settings.getlist("BLOCK_RETRY_DELAYS")
        return cls(crawler, [float(delay) for delay in delays])

    async def process_request(self, request: Request) -> None:
        """Hold every request to a domain back while it is left in silence."""
        await self._wait(self._domain(request))

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Pass a page on, or ask for it again later; without end, a refusal stops the crawl."""
        if request.callback in (None, NO_CALLBACK):
            return response
        kind = classify_page(response)
        if not kind.is_block and response.status not in _SAY_SLOWER:
            return response
        what = f"{kind} page, status {response.status}, at {request.url}"
        self._crawler.stats.inc_value(f"vastra/blocks/{kind}")
        attempts = request.meta.get(_ATTEMPTS, 0)
        if attempts >= len(self._delays_seconds):
            await self._pause_fleet(request, max(self._delays_seconds, default=0.0))
            stop_crawl(self._crawler, BlockedError(what))
            raise PageBlockedError(what)
        await self._be_silent(request, self._delays_seconds[attempts], what)
        # A page out of the cache of a developer (HTTPCACHE_ENABLED) would be the same for ever.
        meta = {**request.meta, _ATTEMPTS: attempts + 1, "dont_cache": True}
        return request.replace(meta=meta, dont_filter=True)

    async def _be_silent(self, request: Request, delay_seconds: float, what: str) -> None:
        _logger.warning("%s; trying again in %g s", what, delay_seconds, extra={"action": "crawl_blocked"})
        domain = self._domain(request)
        self._silent_until[domain] = max(self._silent_until[domain], monotonic() + delay_seconds)
        await self._pause_fleet(request, delay_seconds)
        downloader = self._crawler.engine.downloader
        slot = downloader.slots.get(domain)
        if slot is None or slot.concurrency == 0:
            await self._wait(domain)
            return
        # Requests that already queue for the domain have passed process_request: no free place stops them.
        concurrency, slot.concurrency = slot.concurrency, 0
        try:
            await self._wait(domain)
        finally:
            slot.concurrency = concurrency
            downloader._process_queue(slot)  # noqa: SLF001 - nothing else would wake the queue up

    async def _pause_fleet(self, request: Request, seconds: float) -> None:
        downloader = self._crawler.engine.downloader
        if isinstance(downloader, FleetDownloader):
            await downloader.fleet.pause(self._domain(request), seconds)

    async def _wait(self, domain: str) -> None:
        while not is_stopping(self._crawler):
            left_seconds = self._silent_until[domain] - monotonic()
            if left_seconds <= 0:
                return
            await asyncio.sleep(min(left_seconds, _TICK_SECONDS))

    def _domain(self, request: Request) -> str:
        return self._crawler.engine.downloader.get_slot_key(request)

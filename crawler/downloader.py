"""Scrapy's downloader, which waits for the fleet's turn right before it sends a request, and knows when to end."""

import asyncio
from typing import Final

from scrapy import Request, signals
from scrapy.core.downloader import Downloader, Slot
from scrapy.core.downloader.handlers import DownloadHandlers
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.errors import BlockedError, CrawlEndsError, HostBusyError, PageBlockedError
from crawler.fleet import Fleet
from crawler.silences import IS_PICTURE, Silences, patience_seconds
from crawler.stopping import is_stopping, stop_crawl

_GRACE_SECONDS: Final = 2.0
"""What a request that was sent before the crawl was asked to end may still take."""
_TICK_SECONDS: Final = 0.1


class FleetDownloader(Downloader):
    """Keeps the delay of a domain's slot towards the requests of all crawlers, and sends nothing once the crawl ends.

    A downloader middleware would be too early: between it and the sending, requests wait in the slot's queue, each
    for its delay.

    Attributes:
        fleet: the other crawlers.
        silences: of the domains that refused.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.fleet = Fleet(lambda: is_stopping(crawler))
        self.silences = Silences()
        self.handlers = _InTurn(self, self.handlers)  # type: ignore[assignment]  # it is asked for one method
        self._limits: set[asyncio.Timeout] = set()
        self._watch: asyncio.Task[None] | None = None
        crawler.signals.connect(self._begin_watch, signal=signals.engine_started)
        crawler.signals.connect(self._end, signal=signals.engine_stopped)

    async def send(self, request: Request, handlers: DownloadHandlers) -> Response:
        """Wait for the end of a silence and for the fleet's turn, and send the request.

        Raises:
            HostBusyError: the silence lasts longer than a picture waits.
            PageBlockedError: it lasts longer than a page waits; the crawl stops.
            CrawlEndsError: the crawl was asked to end before there was an answer.
        """
        domain = self.get_slot_key(request)
        await self._wait_for_silence(request, domain)
        slot = self.slots.get(domain)
        await self.fleet.take_turn(domain, slot.delay if slot else 0.0)
        if is_stopping(self.crawler):
            raise self._not_fetched(request)
        try:
            async with asyncio.timeout(None) as limit:
                self._limits.add(limit)
                return await handlers.download_request_async(request)
        except TimeoutError as error:
            if limit.expired():
                raise self._not_fetched(request) from error
            raise
        finally:
            self._limits.discard(limit)

    async def _wait_for_silence(self, request: Request, domain: str) -> None:
        while (left := self.silences.left_seconds(domain)) > 0 and not is_stopping(self.crawler):
            if left > patience_seconds(request):
                what = f"{request.url}: its host asks to be left alone for {left:.0f} s more"
                if request.meta.get(IS_PICTURE):
                    raise HostBusyError(what)
                stop_crawl(self.crawler, BlockedError(what))
                raise PageBlockedError(what)
            await asyncio.sleep(min(left, _TICK_SECONDS))

    def _process_queue(self, slot: Slot) -> None:
        """Send what is due; once the crawl ends, let go of all that waits."""
        if not is_stopping(self.crawler):
            super()._process_queue(slot)
            return
        slot.close()
        while slot.queue:
            request, answer = slot.queue.popleft()
            answer.errback(self._not_fetched(request))

    def _not_fetched(self, request: Request) -> CrawlEndsError:
        """Give the request back to the scheduler, which keeps it in a JOBDIR; say that it was not fetched."""
        if request.callback is not None and request.errback is not None:
            self.crawler.engine.crawl(request.replace(dont_filter=True))
        return CrawlEndsError(f"{request.url}: the crawl ends")

    def _begin_watch(self) -> None:
        self._watch = asyncio.get_running_loop().create_task(self._end_requests())

    async def _end_requests(self) -> None:
        """Once the crawl was asked to end, let nothing wait for its delay, and what was sent not for long."""
        # No signal tells of it: spider_closed comes after everything that waits.
        while not is_stopping(self.crawler):  # noqa: ASYNC110
            await asyncio.sleep(_TICK_SECONDS)
        for slot in self.slots.values():
            self._process_queue(slot)
        until = asyncio.get_running_loop().time() + _GRACE_SECONDS
        for limit in self._limits:
            limit.reschedule(until)

    async def _end(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        await self.fleet.close()


class _InTurn:
    """Download handlers behind the downloader's own way of sending."""

    def __init__(self, downloader: FleetDownloader, handlers: DownloadHandlers) -> None:
        self._downloader = downloader
        self._handlers = handlers

    async def download_request_async(self, request: Request) -> Response:
        return await self._downloader.send(request, self._handlers)

"""Scrapy's downloader, which waits for the fleet's turn right before it sends a request."""

from scrapy import Request, signals
from scrapy.core.downloader import Downloader
from scrapy.core.downloader.handlers import DownloadHandlers
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.fleet import Fleet
from crawler.stopping import is_stopping


class FleetDownloader(Downloader):
    """Keeps the delay of a domain's slot towards the requests of all crawlers, and not only of this one.

    A downloader middleware would be too early: between it and the sending, requests wait in the slot's queue.

    Attributes:
        fleet: the other crawlers.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.fleet = Fleet(lambda: is_stopping(crawler))
        self.handlers = _InTurn(self, self.handlers)  # type: ignore[assignment]  # it is asked for one method
        crawler.signals.connect(self.fleet.close, signal=signals.engine_stopped)


class _InTurn:
    """Download handlers behind the fleet's turn."""

    def __init__(self, downloader: FleetDownloader, handlers: DownloadHandlers) -> None:
        self._downloader = downloader
        self._handlers = handlers

    async def download_request_async(self, request: Request) -> Response:
        domain = self._downloader.get_slot_key(request)
        slot = self._downloader.slots.get(domain)
        await self._downloader.fleet.take_turn(domain, slot.delay if slot else 0.0)
        return await self._handlers.download_request_async(request)

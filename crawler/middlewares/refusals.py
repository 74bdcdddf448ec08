"""Recognise that a host refuses: be silent towards it for a while, ask again, and give up if that does not help."""

import logging
from collections import defaultdict
from typing import Final, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawler.downloader import FleetDownloader
from crawler.errors import BlockedError, PageBlockedError
from crawler.pages.amazon.kinds import classify_page
from crawler.silences import IS_PICTURE, SAY_SLOWER, patience_seconds, retry_after_seconds
from crawler.stopping import stop_crawl

_logger = logging.getLogger(__name__)

_ATTEMPTS: Final = "refused_attempts"
_PICTURE_ATTEMPTS: Final = 3


class Refusals:
    """Asks again for what was refused after ever longer silence towards its whole domain, of the whole fleet.

    A page is refused by a block page, told by its body, or by status 429 or 503; after the last silence the crawl
    stops as blocked. A picture is refused by the status alone, which is the host's answer and not the picture's: it
    is asked for three times, and then left to a later crawl. Retry-After is kept to; without it a picture's host has
    a minute of silence, and then always twice as long as before, until it gives a picture.

    Args:
        crawler: whose spider's pages these are; robots.txt is none.
        delays_seconds: the silence before each retry of a page.
        picture_seconds: the first silence of a host of pictures.
    """

    def __init__(self, crawler: Crawler, delays_seconds: list[float], picture_seconds: float) -> None:
        self._crawler = crawler
        self._delays_seconds = delays_seconds
        self._picture_seconds = picture_seconds
        self._last_seconds: defaultdict[str, float] = defaultdict(float)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the middleware; Scrapy calls this."""
        delays = crawler.settings.getlist("BLOCK_RETRY_DELAYS")
        picture_seconds = crawler.settings.getfloat("PICTURE_RETRY_DELAY")
        return cls(crawler, [float(delay) for delay in delays], picture_seconds)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Pass an answer on, or ask for it again later."""
        if request.meta.get(IS_PICTURE):
            return await self._process_picture(request, response)
        if request.callback in (None, NO_CALLBACK):
            return response
        return await self._process_page(request, response)

    async def _process_page(self, request: Request, response: Response) -> Request | Response:
        kind = classify_page(response)
        if not kind.is_block and response.status not in SAY_SLOWER:
            return response
        what = f"{kind} page, status {response.status}, at {request.url}"
        self._crawler.stats.inc_value(f"vastra/blocks/{kind}")
        attempts = request.meta.get(_ATTEMPTS, 0)
        is_last = attempts >= len(self._delays_seconds)
        delay_seconds = max(self._delays_seconds, default=0.0) if is_last else self._delays_seconds[attempts]
        seconds = max(delay_seconds, retry_after_seconds(response) or 0.0)
        await self._be_silent(request, seconds)
        if is_last or seconds > patience_seconds(request):
            what = what if is_last else f"{what}, which is to be asked for again in {seconds:.0f} s"
            stop_crawl(self._crawler, BlockedError(what))
            raise PageBlockedError(what)
        _logger.warning("%s; trying again in %g s", what, seconds, extra={"action": "crawl_blocked"})
        return _again(request, attempts + 1)

    async def _process_picture(self, request: Request, response: Response) -> Request | Response:
        domain = self._downloader.get_slot_key(request)
        if response.status not in SAY_SLOWER:
            self._last_seconds.pop(domain, None)
            return response
        asked_seconds = retry_after_seconds(response)
        if (
            self._downloader.silences.left_seconds(domain) > 0
        ):  # of several that were on their way, one counts
            self._downloader.silences.begin(domain, asked_seconds or 0.0)
        else:
            first = self._picture_seconds if asked_seconds is None else asked_seconds
            seconds = self._last_seconds[domain] = max(first, 2 * self._last_seconds[domain])
            await self._be_silent(request, seconds)
            _logger.warning(
                "%s answers %d to pictures: silent for %g s",
                domain,
                response.status,
                seconds,
                extra={"action": "crawl_blocked"},
            )
        attempts = request.meta.get(_ATTEMPTS, 0) + 1
        return response if attempts >= _PICTURE_ATTEMPTS else _again(request, attempts)

    async def _be_silent(self, request: Request, seconds: float) -> None:
        """Send nothing to the request's domain for so long, in the whole fleet; what waits there, waits on."""
        domain = self._downloader.get_slot_key(request)
        self._downloader.silences.begin(domain, seconds)
        await self._downloader.fleet.pause(domain, seconds)

    @property
    def _downloader(self) -> FleetDownloader:
        downloader = self._crawler.engine.downloader
        assert isinstance(downloader, FleetDownloader)
        return downloader


def _again(request: Request, attempts: int) -> Request:
    """Make the request of another attempt; out of a developer's cache (HTTPCACHE_ENABLED) all would be the same."""
    return request.replace(meta=request.meta | {_ATTEMPTS: attempts, "dont_cache": True}, dont_filter=True)

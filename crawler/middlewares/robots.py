"""robots.txt, obeyed strictly: no answer forbids, and its Crawl-delay is kept."""

import logging
from typing import Any, Final

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

from crawler.errors import (
    CrawlDelayError,
    ForbiddenAddressError,
    ForbiddenByRobotsError,
    RobotsUnreachableError,
)
from crawler.stopping import stop_crawl

_logger = logging.getLogger(__name__)

LONGEST_DELAY_SECONDS: Final = 3600.0
_CLIENT_ERROR, _TOO_MANY_REQUESTS, _SERVER_ERROR = 400, 429, 500


class StrictRobots(RobotsTxtMiddleware):
    """Scrapy's middleware, where RFC 9309 asks for more.

    A robots.txt that answers 5xx (or 429) or not at all forbids everything on its host, any other 4xx
    allows everything. Crawl-delay, an extension that many shops use, holds for all requests to the host; over an
    hour of it forbids, and ends the crawl where the host is the shop's own.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._refusals: dict[str, type[IgnoreRequest]] = {}
        self._causes: dict[str, str] = {}
        self._delayed: set[str] = set()

    async def process_request(self, request: Request, spider: Any = None) -> None:
        """Let the request pass, or raise a RequestRefusedError that says why not."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        parts = urlparse_cached(request)
        await self.robot_parser(request)
        # Not what was awaited: of several requests that wait for one robots.txt, Scrapy 2.19 answers all
        # but the first two with None, which allows everything.
        parser = self._parsers[parts.netloc]
        self.process_request_2(parser if isinstance(parser, RobotParser) else None, request)
        if parts.hostname in self._delayed:
            # AutoThrottle would shorten the delay as soon as the host answers fast.
            request.meta["autothrottle_dont_adjust_delay"] = True
        if parts.netloc in self._refusals:
            raise self._refusals[parts.netloc](f"{request.url}: {self._causes[parts.netloc]}")

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Check one address against the host's rules."""
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest as error:
            raise ForbiddenByRobotsError(f"{request.url}: robots.txt of the host forbids it") from error

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Name the cause where the robots.txt itself could not be fetched, after its retries."""
        if request.meta.get("dont_obey_robotstxt") and not isinstance(exception, IgnoreRequest):
            cause = str(exception) or type(exception).__name__
            raise RobotsUnreachableError(f"robots.txt could not be fetched ({cause})") from exception

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= _SERVER_ERROR or response.status == _TOO_MANY_REQUESTS:
            self._refuse(netloc, ForbiddenByRobotsError, f"robots.txt answered {response.status}")
        elif response.status >= _CLIENT_ERROR:
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)
        parser = self._parsers[netloc]
        if isinstance(parser, RobotParser):
            delay = parser.crawl_delay(self._robotstxt_useragent or self._default_useragent)
            if delay and delay <= LONGEST_DELAY_SECONDS:
                self._keep_delay(urlparse_cached(request).hostname or "", delay)
            elif delay:
                self._refuse_delay(netloc, request, delay)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        forbidden = isinstance(exc, ForbiddenAddressError)
        self._refuse(netloc, ForbiddenAddressError if forbidden else RobotsUnreachableError, str(exc))
        super()._robots_error(exc, netloc)

    def _refuse(self, netloc: str, error: type[IgnoreRequest], cause: str) -> None:
        self._refusals[netloc], self._causes[netloc] = error, cause

    def _refuse_delay(self, netloc: str, request: Request, delay_seconds: float) -> None:
        """Send nothing more to the host; the crawl ends where it was to give pages."""
        cause = f"robots.txt of {netloc} asks for {delay_seconds:g} s between requests"
        self._refuse(netloc, ForbiddenByRobotsError, cause)
        if request.callback not in (None, NO_CALLBACK):
            stop_crawl(self.crawler, CrawlDelayError(cause))

    def _keep_delay(self, host: str, delay_seconds: float) -> None:
        """Apply the delay to the host's slot, and to every later slot of the host."""
        _logger.info("robots.txt of %s asks for %g s between requests", host, delay_seconds)
        self._stats.set_value(f"robotstxt/crawl_delay_seconds/{host}", delay_seconds)
        self._delayed.add(host)
        downloader = self.crawler.engine.downloader
        delay = max(delay_seconds, self.crawler.settings.getfloat("DOWNLOAD_DELAY"))
        downloader.per_slot_settings[host] = {"concurrency": 1, "delay": delay, "jitter": 0.0}
        slot = downloader.slots.get(host)
        if slot is not None:
            slot.concurrency, slot.delay, slot.jitter = 1, delay, 0.0

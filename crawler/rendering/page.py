"""One page in the browser: Scrapy fetches whatever the page asks for, and refuses what no card needs."""

import asyncio
import logging
from time import monotonic
from typing import Any, Final

from playwright.async_api import BrowserContext, Error, Page, Route, WebSocketRoute
from playwright.async_api import Request as Asked
from playwright.async_api import TimeoutError as PlaywrightTimeoutError
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from scrapy.http.request import NO_CALLBACK
from scrapy_playwright.page import PageMethod

from crawler.failures import FETCH_ERRORS
from crawler.pages.amazon.kinds import classify_page
from crawler.rendering.browser import SLOT
from crawler.rendering.memory import ResponseMemory
from crawler.silences import SAY_SLOWER
from crawler.stopping import is_stopping

_logger = logging.getLogger(__name__)

KINDS: Final = frozenset({"script", "stylesheet", "xhr", "fetch"})
"""What a page may ask for beside itself; pictures are fetched once, by the image gate."""

_GRACE_SECONDS: Final = 15.0
"""What a page may take beyond its seconds, but not more than those, to be stopped and read; then it is closed."""
_LOOK_SECONDS: Final = 5.0
_KEPT: Final = frozenset({"script", "stylesheet"})
_SENT_ON: Final = ("accept", "accept-language", "referer", "x-requested-with")
# Scrapy keeps the cookies, and hands over whole, unpacked bodies.
_HELD_BACK: Final = frozenset(
    {"connection", "content-encoding", "content-length", "keep-alive", "set-cookie", "transfer-encoding"}
)


class RenderedPage:
    """Renders one document that Scrapy has fetched.

    Requests go through all downloader middlewares: robots.txt, the slot and delay of their host, redirects, the
    resolver's check of every address. Only GET requests of KINDS are sent; the document is given once, and a
    page that sends the visitor on stays where it is.

    Args:
        crawler: whose downloader fetches.
        document: the page as the shop has sent it.
        memory: scripts and style sheets of the pages before.
        seconds: how long the page may load.

    Attributes:
        is_late: it was closed because its scripts did not end.
        refusal: the first answer by which the shop refused something that the page asked for.
    """

    def __init__(
        self, crawler: Crawler, document: TextResponse, memory: ResponseMemory, seconds: float
    ) -> None:
        self._crawler = crawler
        self._document = document
        self._memory = memory
        self._seconds = seconds
        self._is_given = False
        self._context: BrowserContext | None = None
        self._limit: asyncio.Task[None] | None = None
        self.is_late = False
        self.refusal: Response | None = None

    def request(self, context_name: str) -> Request:
        """Make the request by which scrapy-playwright renders the page, in a context of its own."""
        return Request(
            self._document.url,
            callback=NO_CALLBACK,
            dont_filter=True,
            meta={
                "playwright": True,
                "playwright_context": context_name,
                "playwright_context_kwargs": {
                    "user_agent": self._crawler.settings["USER_AGENT"],
                    "service_workers": "block",
                    "accept_downloads": False,
                },
                "playwright_page_init_callback": self.guard,
                "playwright_page_goto_kwargs": {"wait_until": "commit"},
                "playwright_page_methods": [PageMethod(settle, self._seconds)],
                "download_slot": SLOT,
                "autothrottle_dont_adjust_delay": True,
                "dont_cache": True,
            },
        )

    async def guard(self, page: Page, _request: Request) -> None:
        """Take over all that the page asks for, before it asks.

        Where a page was closed early, scrapy-playwright tries another one: that one gets nothing.
        """
        first, self._context = self._context is None, page.context
        if not first:
            return
        self._limit = asyncio.get_running_loop().create_task(self._close_late())
        await page.route("**", self._answer)
        await page.route_web_socket("**", _refuse_socket)

    async def close(self) -> None:
        """Close the page's context, also while the page is stuck: all memory of the page goes with it."""
        if self._limit is not None and not self.is_late:
            self._limit.cancel()
        if self._context is not None:
            try:
                await self._context.close()
            except Error as error:
                _logger.debug("context already closed: %s", error)

    async def _close_late(self) -> None:
        await asyncio.sleep(self._seconds + min(self._seconds, _GRACE_SECONDS))
        self.is_late = True
        await self.close()

    async def _answer(self, route: Route, asked: Asked) -> None:
        try:
            if asked.is_navigation_request():
                await self._give_document(route, asked)
            elif asked.method == "GET" and asked.resource_type in KINDS and not is_stopping(self._crawler):
                await self._give_fetched(route, asked)
            else:
                await route.abort("blockedbyclient")
        except Error as error:  # The page was closed meanwhile.
            _logger.debug("not answered: %s; %s", asked.url, error)

    async def _give_document(self, route: Route, asked: Asked) -> None:
        if asked.frame.parent_frame is not None:
            await route.abort("blockedbyclient")
        elif self._is_given:
            await route.abort(
                "aborted"
            )  # The one error that shows no page of its own in place of the document.
        else:
            self._is_given = True
            await _fulfil(route, self._document)

    async def _give_fetched(self, route: Route, asked: Asked) -> None:
        try:
            response = self._memory.get(asked.url) or await self._fetch(asked)
        except FETCH_ERRORS as error:
            _logger.debug("the page goes without %s: %s", asked.url, error)
            await route.abort("failed")
            return
        if asked.resource_type in _KEPT:
            self._memory.put(asked.url, response)
        elif self.refusal is None and (response.status in SAY_SLOWER or classify_page(response).is_block):
            self.refusal = response
        await _fulfil(route, response)

    async def _fetch(self, asked: Asked) -> Response:
        headers: dict[str, Any] = {name: asked.headers[name] for name in _SENT_ON if name in asked.headers}
        request = Request(asked.url, callback=NO_CALLBACK, headers=headers)
        return await self._crawler.engine.download_async(request)


def refuse(_asked: Asked) -> bool:
    """Refuse what no RenderedPage has taken over: without its guard, a page gets nothing."""
    return True


async def settle(page: Page, seconds: float) -> None:
    """Wait until the page has asked for nothing during half a second; after so many seconds, stop it.

    Raises:
        Error: the page or the browser broke down.
    """
    browser, deadline = page.context.browser, monotonic() + seconds
    while (left_seconds := deadline - monotonic()) > 0:
        try:
            await page.wait_for_load_state("networkidle", timeout=min(left_seconds, _LOOK_SECONDS) * 1000)
        except PlaywrightTimeoutError as error:
            # Whoever waits for a page is not always told that its browser is gone.
            if browser is None or not browser.is_connected():
                raise Error("the browser broke down") from error
        else:
            return
    _logger.warning("%s still loads after %g s: taken as it is", page.url, seconds)
    await page.evaluate("window.stop()")


def _refuse_socket(socket: WebSocketRoute) -> None:
    # A handler that connects to no server leaves the page talking to nobody.
    _logger.debug("no WebSocket for the page: %s", socket.url)


async def _fulfil(route: Route, response: Response) -> None:
    headers = {
        str(name): value
        for name, value in response.headers.to_unicode_dict().items()
        if str(name).lower() not in _HELD_BACK
    }
    await route.fulfill(status=response.status, headers=headers, body=response.body)

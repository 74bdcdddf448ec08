"""Have a browser render the pages of the shop, between Scrapy's fetching them and the spider's reading them."""

import logging
from http import HTTPStatus
from itertools import count
from typing import Self
from urllib.parse import urlsplit

from playwright.async_api import Error
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.http.request import NO_CALLBACK

from crawler.errors import NoBrowserError, PageNotRenderedError
from crawler.pages.amazon.kinds import classify_page
from crawler.rendering.memory import ResponseMemory
from crawler.rendering.page import RenderedPage
from crawler.spiders.amazon_clothing import AmazonClothingSpider
from crawler.stopping import is_stopping, stop_crawl

_logger = logging.getLogger(__name__)


class Rendering:
    """Replaces the body of a page by what it is after its scripts have run.

    Pictures and robots.txt pass, and so does everything that is no proper page: redirects, errors, and block
    pages above all, whose scripts would be run to get past them.

    Args:
        crawler: whose spider's pages these are.
        scheme: http or https, for which there is a browser.
        seconds: how long a page may load.
    """

    def __init__(self, crawler: Crawler, scheme: str, seconds: float) -> None:
        self._crawler = crawler
        self._scheme = scheme
        self._seconds = seconds
        self._memory = ResponseMemory()
        self._numbers = count(1)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the middleware; Scrapy calls this."""
        assert isinstance(crawler.spider, AmazonClothingSpider)
        scheme = urlsplit(crawler.spider.arguments.address).scheme
        return cls(crawler, scheme, crawler.settings.getfloat("RENDER_SECONDS"))

    async def process_response(self, request: Request, response: Response) -> Response:
        """Pass a page on as the browser has rendered it; where the shop refused a part of it, the refusal."""
        is_page = request.callback not in (None, NO_CALLBACK) and response.status == HTTPStatus.OK
        if not is_page or not isinstance(response, HtmlResponse) or classify_page(response).is_block:
            return response
        if is_stopping(self._crawler):
            raise PageNotRenderedError(f"{response.url}: the crawl ends")
        return await self._render(response, attempts=2)

    async def _render(self, document: TextResponse, attempts: int) -> Response:
        if urlsplit(document.url).scheme != self._scheme:
            raise PageNotRenderedError(f"{document.url}: the shop answers there, give it as base_url")
        try:
            rendered = await self._render_once(document)
        except NoBrowserError as error:
            stop_crawl(self._crawler, error)
            raise PageNotRenderedError(f"{document.url}: {error}") from error
        except Error as error:
            cause = error.message.partition("\n")[0]
            if attempts == 1 or is_stopping(self._crawler):
                raise PageNotRenderedError(f"{document.url}: {cause}") from error
            _logger.debug("rendering %s again: %s", document.url, cause)
            return await self._render(document, attempts - 1)
        if is_stopping(self._crawler):  # The page did not get all it asked for.
            raise PageNotRenderedError(f"{document.url}: the crawl ends")
        return rendered

    async def _render_once(self, document: TextResponse) -> Response:
        page = RenderedPage(self._crawler, document, self._memory, self._seconds)
        try:
            rendered = await self._crawler.engine.download_async(page.request(f"page {next(self._numbers)}"))
        except Error as error:
            if page.is_late:
                raise PageNotRenderedError(f"{document.url}: its scripts do not end") from error
            raise
        finally:
            await page.close()
        if page.refusal is not None:
            return page.refusal
        assert isinstance(rendered, TextResponse)
        return document.replace(body=rendered.text.encode(), encoding="utf-8")

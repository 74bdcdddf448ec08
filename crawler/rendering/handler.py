"""scrapy-playwright's download handler, which answers in the end."""

import asyncio
from typing import Final

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from crawler.errors import PageNotRenderedError

_START_SECONDS: Final = 45.0
"""What the browser's own start and its closing of a stuck page may add to a page's seconds."""


class RenderingHandler(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]  # it ships no types
    """Gives up a page of which the browser is never heard of again, as when it dies while it opens it."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler=crawler)
        self._limit_seconds = crawler.settings.getfloat("RENDER_SECONDS") + _START_SECONDS

    async def download_request(self, request: Request) -> Response:
        """Render the page, or download what is none.

        Raises:
            PageNotRenderedError: the browser does not answer.
        """
        limit = self._limit_seconds if request.meta.get("playwright") else None
        try:
            async with asyncio.timeout(limit) as timeout:
                response: Response = await super().download_request(request)
        except TimeoutError as error:
            if timeout.expired():
                raise PageNotRenderedError(f"{request.url}: the browser does not answer") from error
            raise
        return response

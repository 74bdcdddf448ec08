"""End a crawl whose worker was killed: nobody would ever look after it."""

import asyncio
import logging
import os
import signal
from typing import Final, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

_logger = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0


class EndWithWorker:
    """Ends the crawl of a slice, as SIGTERM does, when the worker that started it is gone.

    Args:
        crawler: of the crawl.
        worker: process id of the worker, this process's parent while it lives.
    """

    def __init__(self, crawler: Crawler, worker: int) -> None:
        self._crawler = crawler
        self._worker = worker
        self._watch: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the extension, for slices only."""
        worker = crawler.settings.getint("CRAWL_WORKER")
        if not worker:
            raise NotConfigured
        extension = cls(crawler, worker)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def spider_opened(self) -> None:
        """Begin to watch."""
        self._watch = asyncio.get_running_loop().create_task(self._wait_for_end())

    def spider_closed(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.cancel()

    async def _wait_for_end(self) -> None:
        while os.getppid() == self._worker:  # noqa: ASYNC110 - no event tells of a parent's end
            await asyncio.sleep(_LOOK_SECONDS)
        _logger.warning(
            "the worker of this slice is gone; the slice is given back", extra={"action": "worker_lost"}
        )
        os.kill(os.getpid(), signal.SIGTERM)

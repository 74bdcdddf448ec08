"""The last stage: after the commit, ids of new images go to the queue, if there is one."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Self

from scrapy.crawler import Crawler

from crawler.errors import BrokerUnavailableError
from crawler.items import CrawledItem, SavedItem
from crawler.pipelines.enqueue import enqueue_images
from crawler.tally import IMAGES_ENQUEUED, IMAGES_WAITING
from db.messages import BATCH_SIZE

_logger = logging.getLogger(__name__)

_TRY_AGAIN_SECONDS = 30.0


class ImageQueue:
    """Enqueues each new image once a crawl; without a broker it counts what waits, and loses nothing.

    The records know what is pending, so an id that is not sent costs time, never a label.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._seen: set[int] = set()
        self._collected: list[int] = []
        self._silent_until = 0.0
        self._warned = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="queue")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the pipeline; Scrapy calls this."""
        return cls(crawler)

    async def process_item(self, item: SavedItem) -> CrawledItem:
        """Collect the item's new images, send a full batch, and give the plain item on."""
        fresh = [image_id for image_id in dict.fromkeys(item.image_ids) if image_id not in self._seen]
        self._seen.update(fresh)
        self._collected += fresh
        if len(self._collected) >= BATCH_SIZE:
            await self._send()
        return item.item

    async def close_spider(self) -> None:
        """Send what is left."""
        await self._send()
        self._thread.shutdown()

    async def _send(self) -> None:
        image_ids, self._collected = self._collected, []
        if not image_ids:
            return
        if monotonic() >= self._silent_until:
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, enqueue_images, image_ids)
            except BrokerUnavailableError as error:
                self._silent_until = monotonic() + _TRY_AGAIN_SECONDS
                self._warn(error)
            else:
                self._crawler.stats.inc_value(IMAGES_ENQUEUED, len(image_ids))
                return
        self._crawler.stats.inc_value(IMAGES_WAITING, len(image_ids))

    def _warn(self, error: BrokerUnavailableError) -> None:
        if not self._warned:
            self._warned = True
            _logger.warning(
                "%s: images wait in the records; `python -m worker run` classifies them",
                error,
                extra={"action": "broker_lost"},
            )

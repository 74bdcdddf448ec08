"""The database stage: batches of items are committed off the event loop, and the crawl run is kept."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Final, Self, TypeVar

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem, NotConfigured

from crawler.errors import CrawlInterruptedError
from crawler.items import GatedItem, ProductItem, SavedItem
from crawler.pipelines.batches import Batches
from crawler.pipelines.saving import DATABASE_ERRORS, database_failure, save_batch
from crawler.spiders.amazon_clothing import AmazonClothingSpider
from crawler.stopping import note_failure, stop_crawl
from crawler.tally import FIELDS_FOUND, IMAGES_STORED, PRODUCTS_NEW, PRODUCTS_UPDATED, tally_of
from db.crawls import CRAWL_RUN, CrawlArguments
from db.image_store import open_image_store
from db.logs import identify_process
from db.models import CrawlRun
from db.repository.found_products import Listing
from db.repository.runs import beat, finish_crawl_run, start_crawl_run
from db.repository.slices import give_back_slice
from db.session import open_database

_logger = logging.getLogger(__name__)

_FIELDS: Final = tuple(one.name for one in fields(Listing) if one.name != "found_in")

Result = TypeVar("Result")


class Records:
    """Commits items, and opens, keeps alive and closes the row of the crawl run.

    All writing happens on one thread; an item is passed on only after its commit. A batch that cannot be
    committed ends the crawl with the cause.
    """

    def __init__(self, crawler: Crawler, spider: AmazonClothingSpider) -> None:
        self._crawler = crawler
        self._arguments = spider.arguments
        self._beat_seconds = crawler.settings.getfloat("CRAWL_HEARTBEAT_SECONDS")
        self._slice_id: int | None = crawler.settings.getint(CRAWL_RUN) or None
        self._run_id: int | None = None
        self._products: dict[tuple[str, str], frozenset[str]] = {}
        self._images: set[int] = set()
        self._batches = Batches(self._save)
        self._heart: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the pipeline, for this project's spider only: `scrapy shell` leaves no records."""
        if not isinstance(crawler.spider, AmazonClothingSpider):
            raise NotConfigured
        records = cls(crawler, crawler.spider)
        crawler.signals.connect(records.engine_started, signal=signals.engine_started)
        crawler.signals.connect(records.spider_closed, signal=signals.spider_closed)
        return records

    async def open_spider(self) -> None:
        """Open the records and begin the crawl run."""
        try:
            self._run_id = await self._in_thread(_start_run, self._arguments, self._slice_id)
        except DATABASE_ERRORS as error:
            raise note_failure(self._crawler, database_failure(error)) from error
        identify_process(crawl_run=self._run_id)
        self._heart = asyncio.get_running_loop().create_task(self._beat(self._run_id))

    def engine_started(self) -> None:
        """Say that the crawl run has begun, now that the logs are set up."""
        if self._run_id is not None:
            _logger.info("crawl run %d begins", self._run_id, extra={"action": "crawl_began"})

    async def process_item(self, item: GatedItem) -> SavedItem:
        """Wait until the item is committed."""
        try:
            saved = await self._batches.add(item)
        except DATABASE_ERRORS as error:
            stop_crawl(self._crawler, database_failure(error))
            raise DropItem("not saved", log_level="DEBUG") from error
        for _, picture in item.pictures:
            picture.data = None  # Whoever shares this picture later finds it by its SHA-256.
        self._count(saved)
        return saved

    async def spider_closed(self, reason: str) -> None:
        """Close the crawl run with its finish reason and counts, as far as the records can be written."""
        if self._heart is not None:
            self._heart.cancel()
        if self._run_id is not None:
            is_cut_short = self._slice_id is not None and reason == CrawlInterruptedError.reason
            try:
                if is_cut_short:
                    await self._in_thread(_give_back, self._run_id)
                    _logger.info("the slice is given back", extra={"action": "slice_given_back"})
                else:
                    await self._in_thread(_finish_run, self._run_id, reason, self._statistics())
                    _logger.info(
                        "crawl run %d ended: %s", self._run_id, reason, extra={"action": "crawl_ended"}
                    )
            except DATABASE_ERRORS as error:
                _logger.warning("the crawl run could not be closed: %s", database_failure(error))
        self._batches.close()

    def _count(self, saved: SavedItem) -> None:
        if saved.item.key not in self._products:
            self._products[saved.item.key] = frozenset()
            self._crawler.stats.inc_value(PRODUCTS_NEW if saved.product.is_new else PRODUCTS_UPDATED)
        if isinstance(saved.item, ProductItem):
            self._count_fields(saved.item)
        fresh = set(saved.product.new_image_ids) - self._images
        self._images |= fresh
        self._crawler.stats.inc_value(IMAGES_STORED, len(fresh))

    def _count_fields(self, item: ProductItem) -> None:
        """Count each field of a product once, whether a card or its own page says it."""
        known = self._products[item.key]
        found = frozenset(name for name in _FIELDS if getattr(item, name) not in (None, ()))
        self._products[item.key] = known | found
        for name in found - known:
            self._crawler.stats.inc_value(FIELDS_FOUND + name)

    async def _beat(self, run_id: int) -> None:
        while True:
            await asyncio.sleep(self._beat_seconds)
            try:
                await self._in_thread(_write_beat, run_id, self._statistics())
            except DATABASE_ERRORS as error:
                _logger.warning("the crawl run's heartbeat could not be written: %s", database_failure(error))

    def _statistics(self) -> dict[str, Any]:
        return tally_of(self._crawler.stats).record()

    def _save(self, batch: Sequence[GatedItem]) -> list[SavedItem]:
        return save_batch(open_database(), open_image_store(), batch, self._run_id)

    async def _in_thread(self, work: Callable[..., Result], *values: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._batches.thread, work, *values)


def _start_run(arguments: CrawlArguments, slice_id: int | None) -> int:
    """Open a crawl run; a slice's was opened by the worker that started this process."""
    open_image_store()
    with open_database().write() as session:
        if slice_id is None:
            return start_crawl_run(session, arguments.marketplace, arguments.record())
        beat(session, CrawlRun, slice_id)
        return slice_id


def _write_beat(run_id: int, statistics: dict[str, Any]) -> None:
    with open_database().write() as session:
        beat(session, CrawlRun, run_id, statistics=statistics)


def _give_back(run_id: int) -> None:
    with open_database().write() as session:
        give_back_slice(session, run_id, untried=True)


def _finish_run(run_id: int, reason: str, statistics: dict[str, Any]) -> None:
    with open_database().write() as session:
        finish_crawl_run(session, run_id, reason, statistics)

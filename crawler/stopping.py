"""End a crawl early, for a reason that is recorded and told to the user."""

import asyncio
import logging
from typing import Final

from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider

from crawler.errors import CrawlFailedError

FAILURE: Final = "vastra/failure"
"""The statistic that holds why the crawl did not do its job, on one line."""

_logger = logging.getLogger(__name__)
_closing: set[asyncio.Task[None]] = set()


def note_failure(crawler: Crawler, failure: CrawlFailedError) -> CloseSpider:
    """Keep the first failure of a crawl; give the exception by which a spider or handler ends it."""
    if crawler.stats.get_value(FAILURE) is None:
        crawler.stats.set_value(FAILURE, str(failure))
    return CloseSpider(failure.reason)


def stop_crawl(crawler: Crawler, failure: CrawlFailedError) -> None:
    """End the crawl from where Scrapy takes no CloseSpider, such as a pipeline; safe to call twice."""
    if crawler.stats.get_value(FAILURE) is not None:
        return
    note_failure(crawler, failure)
    _logger.error("stopping: %s", failure.reason, extra={"action": "crawl_stopped"})
    # Closing waits for the requests in progress, of which the caller may be one: so it is not awaited here.
    task = asyncio.get_running_loop().create_task(crawler.engine.close_spider_async(reason=failure.reason))
    _closing.add(task)
    task.add_done_callback(_closing.discard)


def is_stopping(crawler: Crawler) -> bool:
    """Say whether the user asked the crawl to end (Ctrl-C), or it failed: long waits should give up."""
    # `scrapy shell` fetches without ever beginning a crawl.
    asked_to_end = crawler._started and not crawler.crawling  # noqa: SLF001 - nothing else tells of it
    return asked_to_end or crawler.stats.get_value(FAILURE) is not None

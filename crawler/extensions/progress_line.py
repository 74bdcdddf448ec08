"""One line of progress on standard error, where somebody watches it."""

import logging
import sys
from typing import Any, Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from crawler.spiders.amazon_clothing import AmazonClothingSpider
from crawler.tally import tally_of


class ProgressLine:
    """Shows how many pages, products and images there are so far; silent where nobody watches."""

    def __init__(self, crawler: Crawler, console: Console) -> None:
        self._crawler = crawler
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None
        self._moved: list[logging.StreamHandler[Any]] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the extension, for this project's spider on a terminal only."""
        console = Console(stderr=True)
        if not console.is_terminal or not isinstance(crawler.spider, AmazonClothingSpider):
            raise NotConfigured
        line = cls(crawler, console)
        crawler.signals.connect(line.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(line.show, signal=signals.response_received)
        crawler.signals.connect(line.show, signal=signals.item_scraped)
        crawler.signals.connect(line.spider_closed, signal=signals.spider_closed)
        return line

    def spider_opened(self) -> None:
        """Draw the line, and let log records appear above it instead of through it."""
        terminal = sys.stderr
        self._task = self._progress.add_task("starting")
        self._progress.start()
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is terminal:
                handler.setStream(sys.stderr)  # rich has put itself there
                self._moved.append(handler)

    def show(self) -> None:
        """Bring the line up to date."""
        if self._task is not None:
            tally = tally_of(self._crawler.stats)
            refused = sum(tally.images_refused.values())
            self._progress.update(
                self._task,
                description=(
                    f"pages {sum(tally.pages.values())}  products {tally.products}  "
                    f"images {tally.images_stored + tally.images_known}  refused {refused}"
                ),
            )

    def spider_closed(self) -> None:
        """Take the line away."""
        self._progress.stop()
        for handler in self._moved:
            handler.setStream(sys.stderr)

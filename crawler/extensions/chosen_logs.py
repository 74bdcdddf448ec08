"""The crawler's logs, which Scrapy sets up: as JSON or briefly, where that is asked for."""

from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from db.logs import format_logs
from db.settings import settings


class ChosenLogs:
    """Lets Scrapy's log handlers write as VASTRA_LOG says."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the extension; Scrapy makes its handlers anew until the engine starts."""
        if not (settings().json_logs or settings().brief_logs):
            raise NotConfigured
        crawler.signals.connect(format_logs, signal=signals.engine_started)
        return cls()

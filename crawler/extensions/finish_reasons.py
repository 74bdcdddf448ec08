"""Whether a crawl did its job: an empty one never ends as finished."""

from typing import Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler

from crawler.errors import (
    CrawlCrashedError,
    CrawlFailedError,
    CrawlForbiddenError,
    JobFinishedError,
    LayoutChangedError,
    NeedsRenderingError,
    NothingFoundError,
    NothingSavedError,
    UnreachableError,
)
from crawler.pages.amazon.kinds import PageKind
from crawler.spiders.amazon_clothing import AmazonClothingSpider
from crawler.stopping import note_failure
from crawler.tally import FAULTS, tally_of
from db.crawls import CrawlArguments, Tally
from db.pictures.codes import Reason


def judge(
    tally: Tally, *, is_retry: bool = False, is_rendered: bool = False, job: str | None = None
) -> CrawlFailedError | None:
    """Name what went wrong, the likeliest cause first; None where the job was done.

    With products saved, trouble in parts (an empty search, a page that failed) is for the summary. A retry of
    pictures saves no products. `job` is Scrapy's JOBDIR, which keeps what an interrupted crawl had still to fetch.
    """
    if tally.faults:
        return CrawlCrashedError(f"{tally.faults} errors of the program itself")
    if tally.products or is_retry:
        return None
    forbidden = tally.requests_failed.get(Reason.FORBIDDEN_BY_ROBOTS, 0)
    scripted = 0 if is_rendered else tally.pages.get(PageKind.SCRIPTED, 0)
    failed = ", ".join(f"{cause} {count}" for cause, count in tally.requests_failed.items())
    causes: tuple[tuple[object, CrawlFailedError], ...] = (
        (forbidden, CrawlForbiddenError(f"robots.txt refused {forbidden} of the crawl's pages")),
        (scripted, NeedsRenderingError(f"{scripted} pages name no product, but have scripts")),
        (
            tally.pages_unreadable,
            LayoutChangedError(f"nothing could be read from {tally.pages_unreadable} pages of the shop"),
        ),
        (failed, UnreachableError(f"pages failed: {failed}")),
        (tally.searches_empty, NothingFoundError(f"all {tally.searches_empty} searches found nothing")),
        (job and not tally.pages, JobFinishedError(f"the crawl that {job} keeps has nothing left to fetch")),
    )
    return next((error for happened, error in causes if happened), NothingSavedError("the crawl is empty"))


def judge_crawl(crawler: Crawler, arguments: CrawlArguments) -> CrawlFailedError | None:
    """Judge a crawl by its counts and by what it was asked to do."""
    return judge(
        tally_of(crawler.stats),
        is_retry=arguments.retry is not None,
        is_rendered=arguments.render,
        job=crawler.settings["JOBDIR"],
    )


class TrueFinishReason:
    """Gives a crawl that comes to its end without products its true finish reason."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the extension; Scrapy calls this."""
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_idle, signal=signals.spider_idle)
        crawler.signals.connect(extension.count_fault, signal=signals.spider_error)
        crawler.signals.connect(extension.count_fault, signal=signals.item_error)
        return extension

    def spider_idle(self, spider: Spider) -> None:
        """End the crawl with the reason of its failure, if it failed."""
        if isinstance(spider, AmazonClothingSpider):
            failure = judge_crawl(self._crawler, spider.arguments)
            if failure is not None:
                raise note_failure(self._crawler, failure)

    def count_fault(self) -> None:
        """Count an error that nothing in the program expected."""
        self._crawler.stats.inc_value(FAULTS)

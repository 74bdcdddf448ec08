"""Errors of the crawler.

CrawlerError
|-- ArgumentsError              wrong arguments: the command ends with exit code 2
|-- BrokerUnavailableError      images wait in the records; the crawl goes on
|-- RequestRefusedError         one request was not sent; the crawl goes on
|   |-- CrawlEndsError
|   |-- ForbiddenAddressError
|   |-- ForbiddenByRobotsError
|   |-- HostBusyError
|   |-- PageBlockedError
|   |-- PageNotRenderedError
|   `-- RobotsUnreachableError
`-- CrawlFailedError            the crawl did not do its job: its finish reason, and exit code 1
    |-- NoContactError
    |-- NoBrowserError
    |-- BlockedError
    |-- CrawlForbiddenError
    |-- CrawlDelayError
    |-- UnreachableError
    |-- NothingFoundError
    |-- NeedsRenderingError
    |-- LayoutChangedError
    |-- NothingSavedError
    |   `-- JobFinishedError
    |-- CrawlCrashedError
    |-- DatabaseFailedError
    `-- CrawlInterruptedError
"""

from typing import ClassVar

from scrapy.exceptions import IgnoreRequest

from db.crawls import FinishReason


class CrawlerError(Exception):
    """The base of every error that the crawler raises itself."""


class ArgumentsError(CrawlerError):
    """An argument (`-a NAME=VALUE`) is unknown or its value is wrong; the message lists what is allowed."""


class BrokerUnavailableError(CrawlerError):
    """No broker takes messages now; `python -m worker run` starts one and finds the images that wait."""


class RequestRefusedError(CrawlerError, IgnoreRequest):
    """A request was not sent, on purpose; of a picture, the reason is recorded."""


class CrawlEndsError(RequestRefusedError):
    """The crawl was asked to end before the request was answered; nothing is recorded of it."""


class ForbiddenAddressError(RequestRefusedError):
    """A host's address lies inside a private network; only base_url's own host and port may."""


class ForbiddenByRobotsError(RequestRefusedError):
    """The host's robots.txt forbids the address, or answered that it cannot say."""


class RobotsUnreachableError(RequestRefusedError):
    """The host's robots.txt could not be fetched, which forbids everything on it; is the host up?"""


class HostBusyError(RequestRefusedError):
    """A host of pictures answered that it is busy (429, 503), and asks for a longer silence than is waited for."""


class PageBlockedError(RequestRefusedError):
    """A page was refused by the shop after every pause; the crawl stops."""


class PageNotRenderedError(RequestRefusedError):
    """The browser could not render a page that was fetched, twice: it broke down, or the scripts do not end."""


class CrawlFailedError(CrawlerError):
    """The crawl did not do its job.

    Attributes:
        reason: the finish reason that is recorded.
        advice: what the user can do.
    """

    reason: ClassVar[FinishReason]
    advice: ClassVar[str]

    def __str__(self) -> str:
        """Say on one line what happened and what to do."""
        return f"{self.reason}: {super().__str__()}; {self.advice}"


class NoContactError(CrawlFailedError):
    """A live crawl was asked for and nobody is named whom the shop could write to."""

    reason = FinishReason.NO_CONTACT
    advice = "set CRAWLER_CONTACT to your e-mail or web address, or give base_url for a shop of your own"


class NoBrowserError(CrawlFailedError):
    """Pages are to be rendered, and there is no browser, or it does not start."""

    reason = FinishReason.NO_BROWSER
    advice = (
        "install requirements/browser.lock and Chromium (apt-get install chromium, or playwright install chromium), "
        "or crawl without render"
    )


class BlockedError(CrawlFailedError):
    """The shop showed a block page, and again after every pause."""

    reason = FinishReason.BLOCKED
    advice = "what was crawled is saved: try again in some hours, slower (-s DOWNLOAD_DELAY=10)"


class CrawlForbiddenError(CrawlFailedError):
    """The shop's robots.txt forbids what the crawl needs."""

    reason = FinishReason.FORBIDDEN_BY_ROBOTS
    advice = "the shop does not want this crawl: ask its owner, or crawl another marketplace"


class CrawlDelayError(CrawlFailedError):
    """The shop's robots.txt asks for so long a delay that no crawl comes to an end."""

    reason = FinishReason.CRAWL_DELAY
    advice = "the shop does not want to be crawled: ask its owner, or crawl another marketplace"


class UnreachableError(CrawlFailedError):
    """No search was answered."""

    reason = FinishReason.UNREACHABLE
    advice = "check that the shop is up, the network, and base_url"


class NothingFoundError(CrawlFailedError):
    """Every search came back empty."""

    reason = FinishReason.NOTHING_FOUND
    advice = "check the search terms in categories.toml and the price range"


class NeedsRenderingError(CrawlFailedError):
    """The pages name no product, but have scripts: they may put the products there."""

    reason = FinishReason.NOTHING_FOUND
    advice = "the pages may need a browser: run it again with -a render=true"


class LayoutChangedError(CrawlFailedError):
    """The shop answered with pages that nothing could be read from."""

    reason = FinishReason.LAYOUT_CHANGED
    advice = "look at a page with `scrapy shell ADDRESS` and mend crawler/pages"


class NothingSavedError(CrawlFailedError):
    """The crawl came to its end without a single product."""

    reason = FinishReason.NOTHING_SAVED
    advice = "run it again with -L DEBUG and see what became of each request"


class JobFinishedError(NothingSavedError):
    """The crawl goes on with a JOBDIR whose crawl came to its end before."""

    advice = "leave JOBDIR out: without it a crawl repeats no picture either, and finds what is new"


class CrawlCrashedError(CrawlFailedError):
    """A fault in the program kept part of the crawl from being done; the log has its traceback."""

    reason = FinishReason.CRASHED
    advice = "see the errors above; what was saved before is kept"


class DatabaseFailedError(CrawlFailedError):
    """The records could not be opened, read or written."""

    reason = FinishReason.DATABASE_ERROR
    advice = "check DATABASE_URL and IMAGE_STORE and run it again; what was committed is kept"


class CrawlInterruptedError(CrawlFailedError):
    """The user, or the system, asked the crawl to stop."""

    reason = FinishReason.SHUTDOWN
    advice = "run it again, nothing is lost"

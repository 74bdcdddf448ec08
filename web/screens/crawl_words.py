"""What the finish reasons of crawls mean to a person, and what can be done about them."""

from collections.abc import Mapping
from typing import Final

from db.crawls import FinishReason

WORDS: Final[Mapping[str, str]] = {
    FinishReason.FINISHED: "came to its end",
    FinishReason.CANCELLED: "was cancelled before it began",
    FinishReason.SHUTDOWN: "was stopped by hand",
    FinishReason.WRONG_ARGUMENTS: "the crawler refused its arguments; the worker's log says which",
    FinishReason.NO_CONTACT: "no contact was known: set CRAWLER_CONTACT to an e-mail or web address of yours",
    FinishReason.NO_BROWSER: "there was no browser to render the pages: install Chromium where the worker runs",
    FinishReason.BLOCKED: "the shop showed block pages, and the crawl left it in peace: try again in some hours",
    FinishReason.FORBIDDEN_BY_ROBOTS: "the shop's robots.txt forbids it",
    FinishReason.UNREACHABLE: "the shop could not be reached: is there a network?",
    FinishReason.NOTHING_FOUND: "the searches found nothing; a band of price may well be empty",
    FinishReason.LAYOUT_CHANGED: "the shop's pages look different now, and could not be read",
    FinishReason.NOTHING_SAVED: "products were found, and none could be saved; the log says why",
    FinishReason.CRASHED: "the program failed; the log says where",
    FinishReason.DATABASE_ERROR: "the records could not be written; the log says why",
    FinishReason.CRAWLER_DIED: "its process was killed before its end",
    "closespider_timeout": "its time was up, as asked",
    "closespider_pagecount": "it had the pages that it was asked for",
    "closespider_itemcount": "it had the products that it was asked for",
    "closespider_errorcount": "too many errors came",
}
"""By finish reason; those of Scrapy's own limits stand below ours."""

GOOD: Final = frozenset({FinishReason.FINISHED, FinishReason.NOTHING_FOUND})
"""Of a crawl that is complete."""


def finish_words(reason: str | None) -> str:
    """Say how a crawl ended; a reason that is not known is given as it is."""
    return "" if reason is None else WORDS.get(reason, reason.replace("_", " "))

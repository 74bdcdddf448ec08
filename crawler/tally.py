"""What a crawl counts, and one value that holds it all for the verdict, the summary and the crawl run."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from scrapy.statscollectors import StatsCollector

PRODUCTS_NEW: Final = "vastra/products/new"
PRODUCTS_UPDATED: Final = "vastra/products/updated"
IMAGES_STORED: Final = "vastra/images/stored"
IMAGES_KNOWN: Final = "vastra/images/known"
IMAGES_REJECTED: Final = "vastra/images/rejected/"
"""Completed by a reason code."""
IMAGES_ENQUEUED: Final = "vastra/images/enqueued"
IMAGES_WAITING: Final = "vastra/images/waiting"
PAGES: Final = "vastra/pages/"
"""Completed by a kind of page."""
PAGES_UNREADABLE: Final = "vastra/pages_unreadable"
REQUESTS_FAILED: Final = "vastra/requests_failed/"
"""Completed by a cause."""
SEARCHES_EMPTY: Final = "vastra/searches_empty"
FAULTS: Final = "vastra/faults"


@dataclass(frozen=True)
class Tally:
    """The counts of one crawl.

    Attributes:
        images_stored: pictures whose bytes are new in the records.
        images_known: addresses that were not fetched, because an earlier crawl stored their picture.
        images_rejected: addresses by reason code.
        images_waiting: stored, but not taken by a broker.
        pages: by kind.
        pages_unreadable: of an unknown kind, or with cards that could not be read.
        requests_failed: for pages, by cause.
        faults: errors of the program itself, in the spider or a pipeline.
    """

    products_new: int = 0
    products_updated: int = 0
    images_stored: int = 0
    images_known: int = 0
    images_rejected: dict[str, int] = field(default_factory=dict)
    images_enqueued: int = 0
    images_waiting: int = 0
    pages: dict[str, int] = field(default_factory=dict)
    pages_unreadable: int = 0
    requests_failed: dict[str, int] = field(default_factory=dict)
    searches_empty: int = 0
    faults: int = 0

    @classmethod
    def from_stats(cls, stats: StatsCollector) -> Self:
        """Read the counts out of Scrapy's statistics."""
        values: Counter[str] = Counter(
            {name: value for name, value in stats.get_stats().items() if isinstance(value, int)}
        )
        return cls(
            products_new=values[PRODUCTS_NEW],
            products_updated=values[PRODUCTS_UPDATED],
            images_stored=values[IMAGES_STORED],
            images_known=values[IMAGES_KNOWN],
            images_rejected=_below(values, IMAGES_REJECTED),
            images_enqueued=values[IMAGES_ENQUEUED],
            images_waiting=values[IMAGES_WAITING],
            pages=_below(values, PAGES),
            pages_unreadable=values[PAGES_UNREADABLE],
            requests_failed=_below(values, REQUESTS_FAILED),
            searches_empty=values[SEARCHES_EMPTY],
            faults=values[FAULTS],
        )

    @property
    def products(self) -> int:
        """How many products were saved."""
        return self.products_new + self.products_updated

    def record(self) -> dict[str, Any]:
        """Give the counts as JSON values, for the crawl run."""
        return asdict(self)


def _below(values: Counter[str], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): values[name] for name in sorted(values) if name.startswith(prefix)}

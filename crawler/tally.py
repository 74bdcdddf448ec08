"""What a crawl counts, among Scrapy's statistics under the names of the tally, and the tally of it all."""

from typing import Any, Final

from scrapy.statscollectors import StatsCollector

from db.crawls import Tally

_OURS: Final = "vastra/"

PRODUCTS_NEW: Final = f"{_OURS}products_new"
PRODUCTS_UPDATED: Final = f"{_OURS}products_updated"
IMAGES_STORED: Final = f"{_OURS}images_stored"
IMAGES_KNOWN: Final = f"{_OURS}images_known"
IMAGES_REFUSED: Final = f"{_OURS}images_refused/"
"""Completed by a reason code."""
IMAGES_ENQUEUED: Final = f"{_OURS}images_enqueued"
IMAGES_WAITING: Final = f"{_OURS}images_waiting"
FIELDS_FOUND: Final = f"{_OURS}fields_found/"
"""Completed by a field of a listing."""
PAGES: Final = f"{_OURS}pages/"
"""Completed by a kind of page."""
PAGES_OF_ANOTHER: Final = f"{_OURS}pages_of_another"
"""Pages of products that showed another one."""
PAGES_UNREADABLE: Final = f"{_OURS}pages_unreadable"
REQUESTS_FAILED: Final = f"{_OURS}requests_failed/"
"""Completed by a cause."""
SEARCHES_EMPTY: Final = f"{_OURS}searches_empty"
FAULTS: Final = f"{_OURS}faults"


def tally_of(stats: StatsCollector) -> Tally:
    """Read the counts out of Scrapy's statistics."""
    counts: dict[str, Any] = {}
    for name, count in sorted(stats.get_stats().items()):
        if name.startswith(_OURS):
            figure, _, word = name.removeprefix(_OURS).partition("/")
            if word:
                counts.setdefault(figure, {})[word] = count
            else:
                counts[figure] = count
    return Tally.read(counts)

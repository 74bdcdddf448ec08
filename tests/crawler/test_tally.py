from dataclasses import fields

import pytest
from scrapy.statscollectors import StatsCollector
from scrapy.utils.test import get_crawler

from crawler import tally as counters
from crawler.tally import IMAGES_REFUSED, PAGES, PRODUCTS_NEW, tally_of
from db.crawls import Tally


@pytest.fixture
def stats() -> StatsCollector:
    return StatsCollector(get_crawler())


def test_what_is_counted_stands_in_the_tally(stats: StatsCollector) -> None:
    stats.inc_value(PRODUCTS_NEW, 3)
    for reason in ("too_small", "corrupt", "corrupt"):
        stats.inc_value(f"{IMAGES_REFUSED}{reason}")
    stats.inc_value(f"{PAGES}search")
    stats.set_value("item_scraped_count", 7)  # Scrapy's own
    assert tally_of(stats) == Tally(
        products_new=3, images_refused={"corrupt": 2, "too_small": 1}, pages={"search": 1}
    )


def test_every_figure_of_the_tally_has_its_counter(stats: StatsCollector) -> None:
    for name, counter in vars(counters).items():
        if name.isupper() and not name.startswith("_"):
            stats.inc_value(f"{counter}word" if counter.endswith("/") else counter)
    tally = tally_of(stats)
    assert [one.name for one in fields(tally) if not getattr(tally, one.name)] == []

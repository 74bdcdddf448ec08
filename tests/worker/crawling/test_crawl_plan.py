"""The time that manners take."""

from db.crawls import CrawlArguments
from worker.crawling.crawl_plan import CrawlTime, polite_time


def test_every_page_comes_after_a_pause_however_the_crawl_is_cut() -> None:
    slices = [CrawlArguments(pages=3), CrawlArguments(pages=2)]
    assert polite_time(slices) == CrawlTime(pages=10, pictures=5 * 48 * 2)


def test_visiting_the_products_takes_a_request_each() -> None:
    assert polite_time([CrawlArguments(pages=1, details=True)]).pages == (1 + 48) * 2


def test_a_limit_of_products_ends_a_search_early() -> None:
    found = polite_time([CrawlArguments(pages=7, max_products=50, details=True)])
    assert found == CrawlTime(pages=(2 + 50) * 2, pictures=100)


def test_nothing_takes_no_time() -> None:
    assert polite_time([]) == CrawlTime(0, 0)

import pytest

from crawler.errors import CrawlFailedError
from crawler.extensions.finish_reasons import judge
from db.crawls import Tally
from db.pictures.codes import Reason


@pytest.mark.parametrize(
    ("tally", "reason"),
    [
        (Tally(), "nothing_saved"),
        (Tally(searches_empty=3), "nothing_found"),
        (Tally(pages_unreadable=1, searches_empty=2), "layout_changed"),
        (Tally(requests_failed={Reason.CONNECTION_FAILED: 3}), "unreachable"),
        (Tally(requests_failed={Reason.HTTP_ERROR: 1}, searches_empty=1), "unreachable"),
        (Tally(requests_failed={Reason.FORBIDDEN_BY_ROBOTS: 3}), "forbidden_by_robots"),
        (Tally(faults=1, products_new=10), "crashed"),
    ],
)
def test_an_empty_crawl_has_a_name_and_an_advice(tally: Tally, reason: str) -> None:
    failure = judge(tally)
    assert failure is not None
    assert failure.reason == reason
    assert str(failure).startswith(f"{reason}: ")
    assert failure.advice in str(failure)


def test_trouble_in_parts_does_not_make_a_crawl_with_products_a_failure() -> None:
    assert judge(Tally(products_updated=1, searches_empty=1, pages_unreadable=1)) is None


def test_a_retry_needs_no_product() -> None:
    assert judge(Tally(), is_retry=True) is None
    assert judge(Tally(faults=1), is_retry=True) is not None


def test_every_failure_says_what_to_do() -> None:
    for failure in CrawlFailedError.__subclasses__():
        assert failure.reason
        assert failure.advice
        assert "\n" not in str(failure("something happened"))

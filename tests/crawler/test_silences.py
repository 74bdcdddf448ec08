from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import Response

from crawler.silences import Silences, retry_after_seconds

DAY = 24 * 3600


def asking(text: str) -> Response:
    return Response("http://127.0.0.1/", status=429, headers={"Retry-After": text.encode()})


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("120", 120), (" 7 ", 7), ("9" * 400, DAY), ("99999999", DAY)]
)
def test_seconds_are_read_and_never_more_than_a_day(text: str, seconds: float) -> None:
    assert retry_after_seconds(asking(text)) == seconds


def test_a_date_is_read_as_the_time_until_then() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    assert retry_after_seconds(asking(soon)) == pytest.approx(300, abs=30)
    assert retry_after_seconds(asking("Wed, 21 Oct 2015 07:28:00 GMT")) == 0
    assert retry_after_seconds(asking("Fri, 31 Dec 9999 23:59:59 GMT")) == DAY


def test_no_header_says_nothing() -> None:
    assert retry_after_seconds(Response("http://127.0.0.1/", status=503)) is None


@given(
    st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,6} [A-Z][a-z]{2} \d{1,20} \d{1,9}:\d\d:\d\d [+-]?\d{0,9}")
)
def test_no_header_breaks_a_crawl(text: str) -> None:
    seconds = retry_after_seconds(asking(text))
    assert seconds is None or 0 <= seconds <= DAY


def test_a_shorter_silence_does_not_end_a_longer_one() -> None:
    silences = Silences()
    assert silences.left_seconds("shop.test") == 0
    silences.begin("shop.test", 100)
    silences.begin("shop.test", 1)
    assert 90 < silences.left_seconds("shop.test") <= 100
    assert silences.left_seconds("other.test") == 0

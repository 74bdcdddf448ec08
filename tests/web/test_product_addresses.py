from urllib.parse import unquote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.product_addresses import product_address, read_segment

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=400)


@given(KEYS, KEYS)
def test_every_key_has_an_address_of_its_own(marketplace: str, asin: str) -> None:
    segments = unquote(product_address(marketplace, asin)).split("/")
    assert segments[:2] == ["", "products"]
    assert [read_segment(segment) for segment in segments[2:]] == [marketplace, asin]


@pytest.mark.parametrize(
    "asin", [".", "..", "a/../b", "~", "~2E", "x.json", "x.csv", "x.json\n", "a\\b", "?", "#", "%2F"]
)
def test_no_browser_takes_an_address_for_another(asin: str) -> None:
    address = product_address("amazon.in", asin)
    assert urljoin("http://127.0.0.1/", address) == f"http://127.0.0.1{address}"
    assert address.count("/") == 3
    assert not address.endswith((".json", ".csv"))


def test_common_keys_are_written_as_they_are() -> None:
    assert product_address("amazon.in", "B000000001") == "/products/amazon.in/B000000001"

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.own_addresses import own_address


@pytest.mark.parametrize(
    ("given", "own"),
    [
        ("/products?a=1&done=x&b=2", "/products?a=1&b=2"),
        ("/similar/abc?done=x", "/similar/abc"),
        ("//evil.example/x", "/x"),
        ("https://evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/alert(1)"),
        ("http://[", "/"),
        ("", "/"),
    ],
)
def test_an_address_leads_to_this_page(given: str, own: str) -> None:
    assert own_address(given, without="done") == own


@given(st.text())
def test_nothing_that_is_sent_leads_to_another_site(address: str) -> None:
    own = own_address(address, without="done")
    assert own.startswith("/")
    assert urlsplit(own).netloc == ""
    assert "\\" not in own.partition("?")[0]

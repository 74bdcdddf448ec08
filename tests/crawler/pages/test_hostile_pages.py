"""A page that was cut off, mangled or written by an enemy gives missing values, never an exception."""

from collections.abc import Callable
from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scrapy.http import HtmlResponse, TextResponse

from crawler.pages.amazon.cards import SearchCard
from crawler.pages.amazon.kinds import classify_page
from crawler.pages.amazon.product import ProductPage
from crawler.pages.amazon.search import SearchPage

LAYOUTS = [
    "fashion_grid",
    "grid_2023_german",
    "product_2026",
    "product_without_size",
    "product_2021_italian",
    "book",
]
PRODUCT_FIELDS = [name for name in vars(ProductPage) if not name.startswith("_")]
SEARCH_FIELDS = [name for name in vars(SearchPage) if not name.startswith("_")]
FRAGMENTS = st.sampled_from(
    [
        b"<",
        b">",
        b'"',
        b"'",
        b"\x00",
        b"\xff",
        b"null",
        b"[[[[",
        b"{",
        b"&#0;",
        b"</div>",
        b"<!--",
        b"9" * 500,
    ]
)

many = settings(
    max_examples=min(60, settings().max_examples),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def read_everything(response: TextResponse) -> None:
    classify_page(response)
    search, product = SearchPage(response, "amazon.in"), ProductPage(response, "amazon.in")
    for name in SEARCH_FIELDS:
        getattr(search, name)
    for name in PRODUCT_FIELDS:
        getattr(product, name)
    for card in search.cards:
        assert len(card.asin) == 10
        assert card.rating is None or 0 <= card.rating <= 5


def test_the_pages_have_the_promised_values() -> None:
    assert {"cards", "total_results", "query_shown", "page_number", "last_page", "has_next"} <= set(
        SEARCH_FIELDS
    )
    assert {"asin", "parent_asin", "price", "images", "breadcrumb", "availability"} <= set(PRODUCT_FIELDS)
    assert {"asin", "title", "brand", "price", "list_price", "currency", "organic", "sponsored"} <= {
        field.name for field in fields(SearchCard)
    }


@pytest.mark.parametrize("layout", LAYOUTS)
@given(data=st.data())
@many
def test_a_truncated_page_is_no_error(
    layout: str, data: st.DataObject, read_page: Callable[[str], HtmlResponse]
) -> None:
    response = read_page(layout)
    end = data.draw(st.integers(0, len(response.body)))
    read_everything(response.replace(body=response.body[:end]))


@pytest.mark.parametrize("layout", LAYOUTS)
@given(data=st.data())
@many
def test_a_mangled_page_is_no_error(
    layout: str, data: st.DataObject, read_page: Callable[[str], HtmlResponse]
) -> None:
    response = read_page(layout)
    body = bytearray(response.body)
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(body)))
        length = data.draw(st.integers(0, 40))
        body[start : start + length] = data.draw(FRAGMENTS)
    read_everything(response.replace(body=bytes(body)))


@given(st.binary(max_size=2000))
@many
def test_bytes_are_no_error(body: bytes) -> None:
    read_everything(HtmlResponse("http://127.0.0.1/", body=body, encoding="utf-8"))
    read_everything(TextResponse("http://127.0.0.1/", body=body, encoding="utf-8"))


def test_an_impossible_attribute_is_no_error() -> None:
    body = b'<div {"="" data-component-type="s-search-result" data-asin="B0SAREE001"><img {" class="s-image">'
    read_everything(HtmlResponse("http://127.0.0.1/", body=body, encoding="utf-8"))


def test_deep_nesting_is_no_error() -> None:
    body = b'<div data-component-type="s-search-result" data-asin="B0SAREE001">' + b"<div><a><h2>" * 20_000
    read_everything(HtmlResponse("http://127.0.0.1/", body=body, encoding="utf-8"))


@pytest.mark.parametrize(
    "attribute", ["data-asin", "class", "href", "src", "srcset", "alt", "id", "name", "value"]
)
def test_a_missing_attribute_is_no_error(attribute: str, read_page: Callable[[str], HtmlResponse]) -> None:
    for layout in LAYOUTS:
        response = read_page(layout)
        read_everything(response.replace(body=response.text.replace(f"{attribute}=", "data-renamed=")))

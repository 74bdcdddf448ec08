"""What the spider makes of pages, one by one."""

from collections.abc import Iterable

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse
from scrapy.utils.test import get_crawler

from crawler.items import ProductItem
from crawler.spiders.amazon_clothing import AmazonClothingSpider, Search
from crawler.tally import tally_of

SHOP = "http://127.0.0.1:8000"


@pytest.fixture
def spider() -> AmazonClothingSpider:
    crawler = get_crawler(AmazonClothingSpider)
    made = crawler._create_spider(categories="saree", details="true")
    assert isinstance(made, AmazonClothingSpider)
    return made


def search_page(*asins: str) -> HtmlResponse:
    cards = "".join(
        f'<div data-component-type="s-search-result" data-asin="{asin}">'
        f'<h2><a href="/dp/{asin}"><span>{asin}</span></a></h2>'
        f'<img class="s-image" src="{SHOP}/{asin}.jpg"></div>'
        for asin in asins
    )
    following = '<a class="s-pagination-next" href="/s?page=2">Next</a>'
    return HtmlResponse(f"{SHOP}/s?k=saree", body=f"<html>{cards}{following}</html>", encoding="utf-8")


def next_pages(found: Iterable[ProductItem | Request]) -> list[int]:
    return [each.cb_kwargs["search"].page for each in found
            if isinstance(each, Request) and "search" in each.cb_kwargs]  # fmt: skip


def test_a_search_ends_with_a_page_that_shows_nothing_new(spider: AmazonClothingSpider) -> None:
    """Else a shop that answers every page with page 1 is fetched to the limit."""
    first, second = Search("saree", "silk saree"), Search("saree", "silk saree", 2)
    assert next_pages(spider.parse(search_page("B000000001", "B000000002"), first)) == [2]
    assert next_pages(spider.parse(search_page("B000000002", "B000000003"), second)) == [3]
    assert (
        next_pages(spider.parse(search_page("B000000003", "B000000001"), Search("saree", "silk saree", 3)))
        == []
    )


def test_another_search_may_show_the_same_products(spider: AmazonClothingSpider) -> None:
    for term in ("silk saree", "saree for women"):
        assert next_pages(spider.parse(search_page("B000000001"), Search("saree", term))) == [2]


def product_page(asin: str) -> HtmlResponse:
    body = (
        f'<html><body><div id="dp"><input id="ASIN" name="ASIN" value="{asin}">'
        f'<span id="productTitle">Of {asin}</span>'
        f'<div id="imgTagWrapperId"><img id="landingImage" src="{SHOP}/{asin}.jpg"></div></div></body></html>'
    )
    return HtmlResponse(f"{SHOP}/dp/B000000001", body=body, encoding="utf-8")


def test_the_page_of_another_product_overwrites_nothing(spider: AmazonClothingSpider) -> None:
    """As a shop answers for a variation that is sold out."""
    card = ProductItem("amazon.in", "B000000001", title="Of the card")
    (kept,) = spider.parse_product(product_page("B000000009"), card)
    assert (kept.asin, kept.title, kept.images) == ("B000000001", "Of the card", ())
    assert tally_of(spider.crawler.stats).pages_of_another == 1
    (completed,) = spider.parse_product(product_page("B000000001"), card)
    assert completed.title == "Of B000000001"
    assert tally_of(spider.crawler.stats).pages_of_another == 1

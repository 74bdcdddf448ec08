"""A shop whose pages are empty until a browser has run their script."""

from collections.abc import Iterator

import pytest

from crawler.pages.amazon.kinds import PageKind, classify_page
from crawler.pages.amazon.product import ProductPage
from crawler.pages.amazon.search import SearchPage
from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.misbehaviour import BlockPage, Misbehaviour
from demo.shop.requests import RequestKind, kind_of
from tests.demo.conftest import MARKETPLACE, get

SEARCH = "/s?k=jeans+for+men&page=1"


@pytest.fixture(scope="module")
def scripted() -> Iterator[DemoShop]:
    with DemoShop(ShopConfig(products=3, broken_pictures=False, scripted=True)) as shop:
        yield shop


def test_pages_hold_nothing_but_their_script(scripted: DemoShop) -> None:
    asin = next(iter(scripted.catalogue.by_asin))
    for address in (SEARCH, f"/dp/{asin}"):
        page = get(scripted, address).page
        assert classify_page(page) is PageKind.SCRIPTED
        script = get(scripted, page.css("script::attr(src)").get(""))
        assert script.headers["content-type"].startswith("text/javascript")
        assert b'fetch("/content"' in script.body


def test_what_belongs_into_a_page_lies_where_its_script_asks(scripted: DemoShop) -> None:
    asin = next(iter(scripted.catalogue.by_asin))
    assert SearchPage(get(scripted, f"/content{SEARCH}").page, MARKETPLACE).cards
    assert ProductPage(get(scripted, f"/content/dp/{asin}").page, MARKETPLACE).asin == asin
    assert get(scripted, "/content/dp/B0NEVERSEEN").status == 404
    assert kind_of(f"/content/dp/{asin}") is RequestKind.CONTENT


def test_a_plain_shop_has_no_such_addresses(shop: DemoShop) -> None:
    for address in (f"/content{SEARCH}", "/scripts/page.js"):
        assert get(shop, address).status == 404


def test_a_block_page_comes_without_any_script() -> None:
    blocking = Misbehaviour(block=BlockPage.CAPTCHA)
    with DemoShop(ShopConfig(products=1, scripted=True, misbehaviour=blocking)) as shop:
        assert classify_page(get(shop, SEARCH).page) is PageKind.CAPTCHA

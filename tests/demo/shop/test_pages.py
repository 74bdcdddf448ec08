"""The pages carry the values where the real site's pages carry them."""

from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest
from parsel import Selector

from crawler.pages.amazon.kinds import PageKind, classify_page
from crawler.pages.amazon.product import ProductPage
from crawler.pages.amazon.search import SearchPage
from demo.shop.catalogue import CatalogueProduct
from demo.shop.demo_shop import DemoShop
from demo.shop.pages import CARDS_A_PAGE
from demo.shop.wording import rupees
from tests.demo.conftest import MARKETPLACE, Received, get

CARD = 'div[data-component-type="s-search-result"]'


@pytest.fixture(scope="module")
def first_page(shop: DemoShop) -> Received:
    return get(shop, "/s?k=jeans+for+men")


def organic_cards(received: Received) -> list[Selector]:
    return [card for card in received.page.css(CARD) if "AdHolder" not in card.attrib["class"]]


def test_a_page_is_lean(first_page: Received) -> None:
    assert 10_000 < len(first_page.body) < 90_000


def test_pages_together_show_every_product_of_the_search(shop: DemoShop) -> None:
    pages = [get(shop, f"/s?k=jeans+for+men&page={number}") for number in (1, 2, 3)]
    shown = [card.attrib["data-asin"] for page in pages for card in organic_cards(page)]
    assert [len(organic_cards(page)) for page in pages[:2]] == [CARDS_A_PAGE, CARDS_A_PAGE]
    assert len(set(shown)) == len(shown) == SearchPage(pages[0].page, MARKETPLACE).total_results
    assert Counter(shop.catalogue.by_asin[asin].category for asin in shown)["jeans"] == 120


def test_sponsored_cards_partly_repeat_organic_ones(first_page: Received) -> None:
    organic = {card.attrib["data-asin"] for card in organic_cards(first_page)}
    sponsored = [card for card in first_page.page.css(CARD) if "AdHolder" in card.attrib["class"]]
    assert len(sponsored) == 7
    assert len([card for card in sponsored if card.attrib["data-asin"] in organic]) == 5
    for card in sponsored:
        link = card.css("a.s-no-outline::attr(href)").get("")
        assert link.startswith("/sspa/click?")
        assert card.attrib["data-asin"] in parse_qs(urlsplit(link).query)["url"][0]


def test_cards_carry_the_values_where_the_site_has_them(shop: DemoShop, first_page: Received) -> None:
    for card in organic_cards(first_page):
        product = shop.catalogue.by_asin[card.attrib["data-asin"]]
        brand = "[data-cy=title-recipe] > div.a-row.a-color-secondary h2 span::text"
        assert card.css(brand).get() == product.brand
        assert card.css("a h2 span::text").get() == product.title
        assert card.css("a > h2::attr(aria-label)").get() == product.title
        assert card.css("img.s-image::attr(alt)").get() == f"{product.brand} {product.title}"
        assert card.css(".a-price:not(.a-text-price) .a-offscreen::text").get() == shown(product.price)
        if product.price is not None:
            assert card.css(".a-price.a-text-price .a-offscreen::text").get() == shown(product.list_price)
        rating = card.css(".a-icon-alt::text").get()
        assert rating == (product.rating and f"{product.rating} out of 5 stars")
        assert len(card.css('a[aria-label$="ratings"]')) == (product.rating is not None)


def shown(price: int | None) -> str | None:
    return None if price is None else rupees(price)


def test_image_addresses_are_the_shops_own(shop: DemoShop, first_page: Received) -> None:
    sources = first_page.page.css("img.s-image::attr(src)").getall()
    assert all(source.startswith(f"{shop.base_url}/images/I/7") for source in sources)
    assert all(source.endswith("._AC_UL320_.jpg") for source in sources)
    srcset = first_page.page.css("img.s-image::attr(srcset)").get("")
    assert srcset.endswith("._AC_UL960_.jpg 3x")


def test_the_crawler_reads_every_card(shop: DemoShop, first_page: Received) -> None:
    assert classify_page(first_page.page) is PageKind.SEARCH
    page = SearchPage(first_page.page, MARKETPLACE)
    assert (page.page_number, page.last_page, page.has_next, page.query_shown) == (
        1,
        3,
        True,
        "jeans for men",
    )
    assert len([card for card in page.cards if card.organic]) == CARDS_A_PAGE
    for card in page.cards:
        product = shop.catalogue.by_asin[card.asin]
        assert (card.title, card.brand, card.price) == (product.title, product.brand, product.price)
        assert (card.rating, card.review_count) == (product.rating, product.review_count)
        assert card.list_price == (product.list_price if product.price else None)
        assert [image.url for image in card.images] == [original(shop, product, 0)]


def original(shop: DemoShop, product: CatalogueProduct, view: int) -> str:
    return f"{shop.base_url}/images/I/{product.pictures[view].id}.jpg"


def test_the_last_page_has_no_next(shop: DemoShop) -> None:
    last = get(shop, "/s?k=jeans+for+men&page=3")
    assert not SearchPage(last.page, MARKETPLACE).has_next
    assert last.page.css("span.s-pagination-next.s-pagination-disabled")
    assert SearchPage(get(shop, "/s?k=jeans+for+men&page=2").page, MARKETPLACE).page_number == 2


def test_a_price_range_keeps_other_prices_out(shop: DemoShop) -> None:
    page = SearchPage(get(shop, "/s?k=saree+for+women&low-price=500&high-price=900").page, MARKETPLACE)
    prices = [card.price for card in page.cards if card.organic]
    assert prices
    assert all(price is not None and 500 <= price <= 900 for price in prices)
    assert page.total_results == len(prices)


@pytest.mark.parametrize(
    "search", ["k=gramophone", "k=", "k=jeans+for+men&page=9", "k=jeans&low-price=999999"]
)
def test_a_search_that_finds_nothing_says_so(shop: DemoShop, search: str) -> None:
    received = get(shop, f"/s?{search}")
    assert received.status == 200
    assert classify_page(received.page) is PageKind.EMPTY
    assert not received.page.css(CARD)


def test_the_crawler_reads_every_field_of_a_product_page(shop: DemoShop) -> None:
    rich = next(one for one in shop.catalogue.products if one.price and one.rating and len(one.pictures) == 3)
    received = get(shop, f"/dp/{rich.asin}")
    assert classify_page(received.page) is PageKind.PRODUCT
    page = ProductPage(received.page, MARKETPLACE)
    assert (page.asin, page.parent_asin) == (rich.asin, rich.parent_asin)
    assert (page.title, page.brand) == (rich.title, rich.brand)
    assert (page.price, page.list_price, page.currency) == (rich.price, rich.list_price, "INR")
    assert (page.rating, page.review_count) == (rich.rating, rich.review_count)
    assert page.breadcrumb == rich.breadcrumb
    assert (page.availability, page.delivery_location) == ("In stock", "Mumbai 400001")
    assert [image.url for image in page.images] == [original(shop, rich, view) for view in range(3)]


def test_a_product_without_a_price_shows_none(shop: DemoShop) -> None:
    product = next(one for one in shop.catalogue.products if one.price is None)
    page = ProductPage(get(shop, f"/{product.slug}/dp/{product.asin}/ref=sr_1_1").page, MARKETPLACE)
    assert (page.asin, page.price, page.list_price) == (product.asin, None, None)
    assert page.availability == "Currently unavailable."


@pytest.mark.parametrize(
    "address", ["/dp/B000000000", "/dp/short", "/nowhere", "/images/I/7.jpg", "/sspa/click?url=//evil"]
)
def test_an_unknown_address_answers_with_the_dog_page(shop: DemoShop, address: str) -> None:
    received = get(shop, address)
    assert received.status == 404
    assert classify_page(received.page) is PageKind.NOT_FOUND


def test_a_sponsored_link_leads_to_the_product(shop: DemoShop, first_page: Received) -> None:
    link = first_page.page.css(".AdHolder a.s-no-outline::attr(href)").get("")
    answer = get(shop, link)
    assert answer.status == 302
    assert get(shop, answer.headers["location"]).status == 200


def test_markup_in_a_search_is_shown_not_run(shop: DemoShop) -> None:
    body = get(shop, "/s?k=%3Cscript%3Ealert(1)%3C/script%3E").body
    assert b"<script>alert" not in body
    assert b"&lt;script&gt;alert" in body


def test_every_page_says_what_the_pictures_are(shop: DemoShop, first_page: Received) -> None:
    for page in (first_page, get(shop, "/"), get(shop, "/s?k=nothing")):
        assert "drawings" in page.page.css("#navFooter::text").get("")

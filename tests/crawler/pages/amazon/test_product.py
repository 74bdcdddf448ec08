from collections.abc import Callable
from decimal import Decimal

import pytest
from scrapy.http import HtmlResponse

from crawler.pages.amazon.image_addresses import ImageAddress
from crawler.pages.amazon.product import ProductPage

PICTURES = "https://m.media-amazon.com/images/I"


@pytest.fixture
def jeans(read_page: Callable[[str], HtmlResponse]) -> ProductPage:
    return ProductPage(read_page("product_2026"), "amazon.in")


@pytest.fixture
def shirt(read_page: Callable[[str], HtmlResponse]) -> ProductPage:
    return ProductPage(read_page("product_without_size"), "amazon.com")


@pytest.fixture
def trousers(read_page: Callable[[str], HtmlResponse]) -> ProductPage:
    return ProductPage(read_page("product_2021_italian"), "amazon.it")


@pytest.fixture
def book(read_page: Callable[[str], HtmlResponse]) -> ProductPage:
    return ProductPage(read_page("book"), "amazon.co.uk")


def test_the_chosen_variant_and_its_parent_are_told_apart(jeans: ProductPage) -> None:
    assert (jeans.asin, jeans.parent_asin) == ("B0CHILD001", "B0PARENT01")
    assert jeans.url == "https://www.amazon.in/dp/B0CHILD001"


def test_title_and_brand_are_tidied(jeans: ProductPage) -> None:
    assert jeans.title == "Neelam Men's Slim Fit Stretchable Jeans"
    assert jeans.brand == "Neelam"


def test_the_drawn_price_is_read_where_the_hidden_one_is_blank(jeans: ProductPage) -> None:
    assert (jeans.price, jeans.list_price, jeans.currency) == (Decimal("1239.00"), Decimal(1899), "INR")


def test_the_exact_review_count_is_preferred(jeans: ProductPage) -> None:
    assert (jeans.rating, jeans.review_count) == (4.0, 16927)


def test_each_image_is_listed_once_at_its_highest_resolution(jeans: ProductPage) -> None:
    assert jeans.images == (
        ImageAddress(f"{PICTURES}/71front.jpg", f"{PICTURES}/71front._SL1500_.jpg"),
        ImageAddress(f"{PICTURES}/72back.jpg", f"{PICTURES}/72back._SX679_.jpg"),
        ImageAddress(f"{PICTURES}/43large.jpg"),
    )


def test_breadcrumb_availability_and_delivery_location_are_read(jeans: ProductPage) -> None:
    assert jeans.breadcrumb == ("Clothing & Accessories", "Men", "Jeans")
    assert jeans.availability == "In stock"
    assert jeans.delivery_location == "Pune 411005"


def test_without_a_chosen_size_there_is_no_price(shirt: ProductPage) -> None:
    assert (shirt.price, shirt.list_price, shirt.currency) == (None, None, None)


def test_the_way_back_to_the_results_is_no_breadcrumb(shirt: ProductPage) -> None:
    assert shirt.breadcrumb == ()


def test_the_main_image_is_found_without_scripts(shirt: ProductPage) -> None:
    assert shirt.images == (ImageAddress(f"{PICTURES}/61shirt.jpg", f"{PICTURES}/61shirt._SX466_.jpg"),)


def test_the_delivery_location_may_stand_in_its_own_line(shirt: ProductPage) -> None:
    assert shirt.delivery_location == "Netherlands"


def test_an_older_page_in_another_language_is_read(trousers: ProductPage) -> None:
    assert (trousers.price, trousers.list_price, trousers.currency) == (
        Decimal("1021.99"),
        Decimal("1349.00"),
        "EUR",
    )
    assert (trousers.brand, trousers.rating, trousers.review_count) == ("Rossolino", 4.4, 1045)
    assert trousers.availability == "Disponibile presso questi venditori."
    assert trousers.parent_asin is None


def test_a_book_has_its_author_as_brand_and_may_be_sold_used_only(book: ProductPage) -> None:
    assert (book.asin, book.title, book.brand) == ("1234567890", "Weaving", "Asha Weaver")
    assert (book.price, book.currency) == (Decimal("4.45"), "GBP")
    assert [image.url for image in book.images] == [
        "https://images-na.ssl-images-amazon.com/images/I/51cover.jpg"
    ]


BOXES_WITH_PRICE = {
    "deal": """<span id="priceblock_ourprice">$20.00</span><span id="priceblock_dealprice">$12.50</span>""",
    "range": """<span id="priceblock_ourprice">$12.50 - $25.99</span>""",
    "below a struck-out price": """<div id="corePrice_desktop">
        <span class="a-price a-text-price" data-a-strike="true"><span class="a-offscreen">$69.99</span></span>
        <span class="a-price a-text-price apexPriceToPay"><span class="a-offscreen">$12.50</span></span>
        </div>""",
    "cart": """<span id="price_inside_buybox">$20.00</span><form id="addToCart">
        <input name="items[0.base][customerVisiblePrice][displayString]" value="$12.50"></form>""",
    "buying options": """<div class="twister-plus-buying-options-price-data">
        {"desktop_buybox_group_1": [{"displayPrice": "$12.50", "priceAmount": 12.50}]}</div>""",
}
BOXES_WITHOUT_PRICE = {
    "empty buying options": """<div class="twister-plus-buying-options-price-data">{"group": [[]]}</div>""",
    "another product": """<span class="a-price"><span class="a-offscreen">$16.99</span></span>""",
    "other sellers": """<div id="olp_feature_div">New (7) from <span class="a-price">$9.99</span></div>""",
}


def page_with(box: str) -> ProductPage:
    body = f"""<span id="productTitle">Belt</span>{box}"""
    return ProductPage(HtmlResponse("http://127.0.0.1/", body=body, encoding="utf-8"), "amazon.com")


@pytest.mark.parametrize("box", BOXES_WITH_PRICE.values(), ids=BOXES_WITH_PRICE)
def test_the_price_is_read_from_the_boxes_of_every_year(box: str) -> None:
    assert page_with(box).price == Decimal("12.50")


@pytest.mark.parametrize("box", BOXES_WITHOUT_PRICE.values(), ids=BOXES_WITHOUT_PRICE)
def test_no_other_price_of_the_page_is_taken_for_the_products(box: str) -> None:
    assert page_with(box).price is None


@pytest.mark.parametrize(
    ("beside", "list_price"),
    [
        (
            '<span class="a-price a-text-price"><span class="a-offscreen">R$ 29,95</span></span>',
            None,
        ),  # 2 x 29,95
        ('<span class="a-price a-text-price"><span class="a-offscreen">R$ 59,90</span></span>', None),
        (
            '<span class="a-price a-text-price"><span class="a-offscreen">R$ 89,90</span></span>',
            Decimal("89.90"),
        ),
    ],
)
def test_a_list_price_is_higher_than_the_price(beside: str, list_price: Decimal | None) -> None:
    price = '<span class="a-price"><span class="a-offscreen">R$ 59,90</span></span>'
    body = f'<div id="corePrice_feature_div">{price}</div><div id="corePrice_desktop">{beside}</div>'
    page = ProductPage(HtmlResponse("http://127.0.0.1/dp/B0", body=body, encoding="utf-8"), "amazon.com.br")
    assert (page.price, page.list_price) == (Decimal("59.90"), list_price)


def offer(row: str, price: str, list_price: str = "") -> str:
    """A row of the buy box as every offer has it, the used one among them."""
    amount = '<span class="{kind}"><span class="a-offscreen">{text}</span></span>'
    shown = amount.format(kind="a-price", text=price)
    struck = (
        amount.format(kind='a-price a-text-price" data-a-strike="true', text=list_price) if list_price else ""
    )
    field = f'<input name="items[0.base][customerVisiblePrice][displayString]" value="{price}">'
    return f"""<div id="{row}"><div id="corePrice_feature_div">{shown}</div><div id="corePrice_desktop">{struck}</div>
        <form id="addToCart">{field}</form></div>"""


USED = '<div id="usedBuySection"><span class="offer-price">$12.50</span></div>'


@pytest.mark.parametrize(
    ("rows", "prices"),
    [
        (offer("usedAccordionRow", "$12.50", "$90.00"), (None, None)),
        (
            offer("usedAccordionRow", "$12.50", "$90.00") + offer("newAccordionRow_0", "$39.99", "$60.00"),
            (Decimal("39.99"), Decimal("60.00")),
        ),
        (
            offer("snsAccordionRowMiddle", "$35.99") + offer("newAccordionRow_0", "$39.99"),
            (Decimal("39.99"), None),
        ),
        (USED, (Decimal("12.50"), None)),
        (f'<div id="buyNewSection">See all offers</div>{USED}', (None, None)),
    ],
)
def test_a_used_copy_and_a_subscription_say_nothing_of_what_the_product_costs(
    rows: str, prices: tuple[Decimal | None, Decimal | None]
) -> None:
    body = f'<h1 id="productTitle">Shirt</h1><div id="buybox">{rows}</div>'
    page = ProductPage(HtmlResponse("http://127.0.0.1/dp/B0", body=body, encoding="utf-8"), "amazon.com")
    assert (page.price, page.list_price) == prices


@pytest.mark.parametrize(
    "said", ["New Condition Price:", "em até 2x de", "Used from", "parcelas de", "Refurbished"]
)
def test_an_amount_that_is_called_something_else_is_no_list_price(said: str) -> None:
    price = '<span class="a-price"><span class="a-offscreen">$39.99</span></span>'
    beside = f'<span>{said} <span class="a-price a-text-price"><span class="a-offscreen">$60.00</span></span></span>'
    body = f'<div id="corePrice_feature_div">{price}</div><div id="corePrice_desktop">{beside}</div>'
    page = ProductPage(HtmlResponse("http://127.0.0.1/dp/B0", body=body, encoding="utf-8"), "amazon.com")
    assert (page.price, page.list_price) == (Decimal("39.99"), None)


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (("Deliver to", "India"), "India"),
        (("Delivering to Boydton 23917", "Update location"), "Boydton 23917"),
        (("Olá", "Atualizar CEP"), None),
        (("Konumu seçin", "Adresi güncelle"), None),
    ],
)
def test_nothing_but_a_place_is_a_delivery_location(lines: tuple[str, str], place: str | None) -> None:
    spans = "".join(f'<span id="glow-ingress-line{n}">{line}</span>' for n, line in enumerate(lines, 1))
    page = ProductPage(HtmlResponse("http://127.0.0.1/dp/B0", body=spans, encoding="utf-8"), "amazon.com")
    assert page.delivery_location == place

from collections.abc import Callable
from decimal import Decimal

import pytest
from scrapy.http import HtmlResponse

from crawler.pages.amazon.cards import SearchCard
from crawler.pages.amazon.image_addresses import ImageAddress
from crawler.pages.amazon.search import SearchPage
from crawler.pages.errors import UnknownMarketplaceError


@pytest.fixture
def grid(read_page: Callable[[str], HtmlResponse]) -> SearchPage:
    return SearchPage(read_page("fashion_grid"), "amazon.in")


@pytest.fixture
def cards(grid: SearchPage) -> dict[str, SearchCard]:
    return {card.asin: card for card in grid.cards}


def test_every_product_gives_one_card_in_the_order_of_the_page(grid: SearchPage) -> None:
    assert [card.asin[-3:] for card in grid.cards] == ["001", "002", "003", "004", "005"]
    assert grid.card_count == 7


def test_brand_and_title_are_told_apart(cards: dict[str, SearchCard]) -> None:
    assert cards["B0SAREE002"].brand == "Neelambari"
    assert cards["B0SAREE002"].title == "Cotton Saree"


def test_a_card_without_brand_has_none(cards: dict[str, SearchCard]) -> None:
    assert cards["B0SAREE003"].brand is None
    assert cards["B0SAREE003"].title == "Plain Saree"


def test_the_title_is_never_the_brand(cards: dict[str, SearchCard]) -> None:
    assert cards["B0SAREE004"].brand == "Vanamala"
    assert cards["B0SAREE004"].title == "Vanamala Printed Georgette Saree"


def test_prices_are_decimals_in_rupees(cards: dict[str, SearchCard]) -> None:
    card = cards["B0SAREE002"]
    assert (card.price, card.list_price, card.currency) == (Decimal("102890.50"), Decimal(150000), "INR")


def test_other_sellers_offers_are_no_price(cards: dict[str, SearchCard]) -> None:
    card = cards["B0SAREE003"]
    assert (card.price, card.list_price, card.currency) == (None, None, None)


def test_sponsored_and_organic_cards_of_a_product_are_merged(cards: dict[str, SearchCard]) -> None:
    card = cards["B0SAREE001"]
    assert card.organic
    assert card.sponsored
    assert card.position == 4
    assert (card.price, card.list_price) == (Decimal(1249), Decimal(4999))
    assert card.rating == 4.1


def test_an_exact_review_count_beats_a_rounded_one(cards: dict[str, SearchCard]) -> None:
    card = cards["B0SAREE001"]
    assert (card.review_count, card.review_count_exact) == (3512, True)


def test_one_rating_is_counted(cards: dict[str, SearchCard]) -> None:
    assert cards["B0SAREE002"].review_count == 1


def test_no_reviews_is_no_number(cards: dict[str, SearchCard]) -> None:
    assert (cards["B0SAREE003"].rating, cards["B0SAREE003"].review_count) == (None, None)


def test_the_address_is_built_from_the_asin(cards: dict[str, SearchCard]) -> None:
    assert cards["B0SAREE002"].url == "https://www.amazon.in/dp/B0SAREE002"


def test_a_missing_asin_is_read_from_the_links(cards: dict[str, SearchCard]) -> None:
    assert cards["B0SAREE005"].sponsored
    assert cards["B0SAREE005"].images == ()


def test_images_are_originals_with_the_pages_best_as_fallback(cards: dict[str, SearchCard]) -> None:
    address = "https://m.media-amazon.com/images/I/71sareeONE"
    assert cards["B0SAREE001"].images == (ImageAddress(f"{address}.jpg", f"{address}._AC_UL320_.jpg"),)


def test_swatches_are_no_images_of_the_product(cards: dict[str, SearchCard]) -> None:
    assert [image.url for image in cards["B0SAREE002"].images] == [
        "https://m.media-amazon.com/images/I/61sareeTWO.jpg"
    ]


def test_composite_images_keep_their_address(cards: dict[str, SearchCard]) -> None:
    (image,) = cards["B0SAREE003"].images
    assert "_CLa%7C" in image.url
    assert image.fallback is None


def test_relative_images_belong_to_the_answering_host(cards: dict[str, SearchCard]) -> None:
    (image,) = cards["B0SAREE004"].images
    assert image.url == "http://127.0.0.1:8000/images/I/51sareeFOUR.jpg"


def test_the_place_in_the_results_is_read(grid: SearchPage) -> None:
    assert (grid.page_number, grid.last_page, grid.has_next) == (1, 7, True)
    assert (grid.query, grid.query_shown, grid.total_results) == ("sari", "saree", 2345)


def test_an_older_page_in_another_language_is_read(read_page: Callable[[str], HtmlResponse]) -> None:
    page = SearchPage(read_page("grid_2023_german"), "amazon.de")
    card, other = page.cards
    assert (card.brand, card.title) == ("Blauwerk", "Herren Jeans gerade")
    assert (card.price, card.list_price, card.currency) == (Decimal("1049.95"), Decimal("1200.00"), "EUR")
    assert (card.rating, card.review_count) == (4.6, 12686)
    assert card.images[0].url == "https://m.media-amazon.com/images/I/71jeans.jpg"
    assert (other.price, other.currency) == (Decimal("49.50"), "CHF")
    assert (page.page_number, page.last_page, page.has_next) == (3, 3, False)
    assert (page.total_results, page.query_shown) == (1099, "jeans 501")


def test_a_page_without_results_is_no_error(read_page: Callable[[str], HtmlResponse]) -> None:
    page = SearchPage(read_page("kinds/empty"), "amazon.de")
    assert (page.cards, page.total_results, page.has_next) == ((), 0, False)
    assert (page.page_number, page.last_page, page.query_shown) == (None, None, None)


def test_an_unknown_marketplace_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownMarketplaceError, match=r"amazon\.in.*got 'ebay\.in'"):
        SearchPage(HtmlResponse("http://127.0.0.1/"), "ebay.in")

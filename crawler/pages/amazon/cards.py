"""Result cards of a search page."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

from parsel import Selector

from crawler.pages.amazon.asins import find_asin, is_asin
from crawler.pages.amazon.image_addresses import ImageAddress, best_source, image_address
from crawler.pages.amazon.prices import list_price_of, price_in, true_list_price
from crawler.pages.marketplaces import Marketplace
from crawler.pages.numbers import best_count, parse_rating
from crawler.pages.text import attribute_of, find_text, find_texts

# A fashion card has two headings, the brand's and the title's; other cards may add headings of badges.
_BRAND = (
    "[data-cy=title-recipe] > .a-color-secondary h2",
    ".s-title-instructions-style > .a-color-secondary h2",
    ".a-color-secondary > h2.s-line-clamp-1",
    "h5.s-line-clamp-1",
)
_TITLE = ("a > h2", "h2 > a", "[data-cy=title-recipe] a h2", "[data-cy=title-recipe] h2", "h2")
_TITLE_CUT_SHORT = ("h2::attr(aria-label)", "img.s-image::attr(alt)")
_ADVERTISEMENT_PREFIX = re.compile(
    r"^(?:Sponsored Ad|Gesponserte Anzeige|Annonce sponsorisée|Anuncio patrocinado|Annuncio sponsorizzato"
    r"|Gesponsorde advertentie|Anúncio patrocinado|スポンサー広告)\s*[-\u2013\u2014:]\s*"
)
_ADVERTISEMENT = ".AdHolder, a[href*='/sspa/'], .puis-sponsored-label-text, .s-sponsored-label-text"
_RATING = ("[class*=a-icon-star] .a-icon-alt", ".a-icon-alt")
_REVIEWS = (
    "a[href*=customerReviews]::attr(aria-label)",
    "a[href*=customerReviews]",
    "[data-cy=reviews-block] a[aria-label$=ratings]::attr(aria-label)",
    "[data-cy=reviews-block] a[aria-label$=rating]::attr(aria-label)",
)
_PICTURES = ("[data-component-type=s-product-image] img.s-image", "a.s-no-outline img.s-image", "img.s-image")


@dataclass(frozen=True)
class SearchCard:
    """One product of a search page, from all the cards that show it; None or () where the page is silent.

    Amounts are in major units of `currency` (ISO 4217); the rating is between 0 and 5; `review_count` is
    rounded unless `review_count_exact`. `position` counts the cards of the page from 1. A product may be
    both `organic` (found by the search) and `sponsored` (paid for).
    """

    asin: str
    title: str | None
    brand: str | None
    price: Decimal | None
    list_price: Decimal | None
    currency: str | None
    rating: float | None
    review_count: int | None
    review_count_exact: bool
    url: str
    images: tuple[ImageAddress, ...]
    organic: bool
    sponsored: bool
    position: int


def read_card(card: Selector, position: int, marketplace: Marketplace, page_url: str) -> SearchCard | None:
    """Read one card of the page; None where it names no product."""
    asin = _asin(card)
    if asin is None:
        return None
    brand = find_text(card, *_BRAND)
    price = price_in(card, marketplace)
    list_price = true_list_price(price, list_price_of(card, marketplace))
    count = best_count(find_texts(card, *_REVIEWS))
    sponsored = bool(card.css(_ADVERTISEMENT)) or "AdHolder" in attribute_of(card, "class")
    return SearchCard(
        asin=asin,
        title=_title(card, brand),
        brand=brand,
        price=price.amount if price else None,
        list_price=list_price.amount if list_price else None,
        currency=next((money.currency for money in (price, list_price) if money), None),
        rating=parse_rating(find_text(card, *_RATING)),
        review_count=count.value if count else None,
        review_count_exact=bool(count and count.exact),
        url=marketplace.product_url(asin),
        images=_images(card, page_url),
        organic=not sponsored,
        sponsored=sponsored,
        position=position,
    )


def merge_cards(cards: Iterable[SearchCard]) -> tuple[SearchCard, ...]:
    """Merge the cards of the same product, in the order of their first appearance."""
    merged: dict[str, SearchCard] = {}
    for card in cards:
        earlier = merged.get(card.asin)
        merged[card.asin] = _merge(earlier, card) if earlier else card
    return tuple(merged.values())


def _merge(earlier: SearchCard, later: SearchCard) -> SearchCard:
    preferred, other = (later, earlier) if later.organic and not earlier.organic else (earlier, later)
    changes: dict[str, Any] = {
        field.name: getattr(other, field.name)
        for field in fields(SearchCard)
        if getattr(preferred, field.name) in (None, ())
    }
    exact = other if other.review_count_exact and not preferred.review_count_exact else preferred
    if exact.review_count is not None:
        changes |= {"review_count": exact.review_count, "review_count_exact": exact.review_count_exact}
    changes["organic"] = preferred.organic or other.organic
    changes["sponsored"] = preferred.sponsored or other.sponsored
    return replace(preferred, **changes)


def _asin(card: Selector) -> str | None:
    stated = attribute_of(card, "data-asin").strip()
    if is_asin(stated):
        return stated
    # Only the picture's and the title's links: colour swatches link to other products.
    links = card.css("a.s-no-outline::attr(href), h2 > a::attr(href)").getall()
    return next(filter(None, map(find_asin, links)), None)


def _title(card: Selector, brand: str | None) -> str | None:
    whole = (text for text in find_texts(card, *_TITLE) if text != brand)
    cut_short = (_ADVERTISEMENT_PREFIX.sub("", text) for text in find_texts(card, *_TITLE_CUT_SHORT))
    return next(whole, None) or next((text for text in cut_short if text and text != brand), None)


def _images(card: Selector, page_url: str) -> tuple[ImageAddress, ...]:
    for query in _PICTURES:
        for picture in card.css(query):
            for found in (best_source(attribute_of(picture, "srcset")), attribute_of(picture, "src")):
                if address := image_address(found, page_url):
                    return (address,)
    return ()

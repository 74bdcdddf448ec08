"""What a product page asks for the product itself.

Each box below belongs to the product alone. There is deliberately no fallback to any price on the page:
where the product has none, such a price is another product's.
"""

import json
from collections.abc import Iterable, Iterator

from parsel import Selector

from crawler.pages.amazon.prices import first_price, list_price_of
from crawler.pages.marketplaces import Marketplace
from crawler.pages.numbers import Money, parse_money
from crawler.pages.text import attribute_of, find_texts

_CART_PRICE = "#addToCart input, #buybox input, #desktop_buybox input"
_CART_PRICE_NAME = "[customerVisiblePrice][displayString]"
# In the order of trust; `.a-price` boxes of 2022 and later, whose hidden text is sometimes blank.
_PRICE_BOXES = (
    "#corePriceDisplay_desktop_feature_div .priceToPay",
    "#corePriceDisplay_mobile_feature_div .priceToPay",
    "#corePriceDisplay_desktop_feature_div .apex-pricetopay-value",
    "#corePrice_feature_div .a-price:not([data-a-strike=true])",
    "#corePrice_desktop .apexPriceToPay",
    "#corePrice_desktop .a-price-range .a-price",
    "#corePrice_desktop .a-price:not([data-a-strike=true])",
    "#apex_offerDisplay_desktop .apex-pricetopay-value",
)
# Texts of 2017 to 2021, and of books.
_PRICE_TEXTS = (
    "#priceblock_dealprice",
    "#priceblock_saleprice",
    "#priceblock_ourprice",
    "#priceblock_pospromoprice",
    "#price_inside_buybox",
    "#newBuyBoxPrice",
    "#buyNewSection .offer-price",
    "#buyNewSection .a-color-price",
    ".kindle-price .a-color-price",
    "#kindle-price",
    "span#price",
    "#actualPriceValue",
)
_SWATCH_TEXTS = ("#tmmSwatches .swatchElement.selected .a-color-price",)
_LIST_PRICE_BOXES = (
    "#corePriceDisplay_desktop_feature_div",
    "#corePriceDisplay_mobile_feature_div",
    "#corePrice_desktop",
    "#apex_desktop",
)
_LIST_PRICE_TEXTS = (
    ".priceBlockStrikePriceString",
    "#price .a-text-strike",
    "#listPrice",
)
_ANOTHER_OFFER = (
    "ancestor-or-self::*[starts-with(@id, 'usedAccordionRow') or starts-with(@id, 'snsAccordionRow')]"
)
"""The buy box's rows of used copies and of subscriptions, which are drawn like that of the product itself."""
_NEW_OFFER = "#buyNewSection, [id^=newAccordionRow]"
_USED_TEXTS = ("#usedBuySection .offer-price", "#usedPrice")
"""What a used copy costs: the product's price only where no new one is sold."""
_BUYING_OPTIONS = "div.twister-plus-buying-options-price-data"


def find_price(page: Selector, marketplace: Marketplace) -> Money | None:
    """Give what the product costs; None where the page sells none itself."""
    return next(_prices(page, marketplace), None)


def find_list_price(page: Selector, marketplace: Marketplace) -> Money | None:
    """Give the struck-out price of the product; None where there is none."""
    for box in _own(page.css(", ".join(_LIST_PRICE_BOXES))):
        if money := list_price_of(box, marketplace):
            return money
    return next(_parsed(find_texts(page, *_LIST_PRICE_TEXTS), marketplace), None)


def _prices(page: Selector, marketplace: Marketplace) -> Iterator[Money]:
    yield from _parsed(_cart_prices(page), marketplace)
    for box in _PRICE_BOXES:
        if money := first_price(_own(page.css(box)), marketplace):
            yield money
    yield from _parsed(_buying_option_prices(page), marketplace)
    yield from _parsed(find_texts(page, *_PRICE_TEXTS), marketplace)
    if not page.css(_NEW_OFFER):
        yield from _parsed(find_texts(page, *_USED_TEXTS), marketplace)
    yield from _parsed(find_texts(page, *_SWATCH_TEXTS), marketplace)


def _own(boxes: Iterable[Selector]) -> Iterator[Selector]:
    """Leave out what belongs to another offer of the same product."""
    return (box for box in boxes if not box.xpath(_ANOTHER_OFFER))


def _parsed(texts: Iterator[str], marketplace: Marketplace) -> Iterator[Money]:
    return (money for text in texts if (money := parse_money(text, marketplace)))


def _cart_prices(page: Selector) -> Iterator[str]:
    for field in _own(page.css(_CART_PRICE)):
        if attribute_of(field, "name").endswith(_CART_PRICE_NAME):
            yield attribute_of(field, "value")


def _buying_option_prices(page: Selector) -> Iterator[str]:
    for text in find_texts(page, _BUYING_OPTIONS):
        try:
            options = json.loads(text)
        except (ValueError, RecursionError):
            continue
        groups = options.values() if isinstance(options, dict) else ()
        for group in groups:
            if isinstance(group, list) and group and isinstance(group[0], dict):
                yield str(group[0].get("displayPrice"))

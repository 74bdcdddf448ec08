"""Prices as the shop draws them: an `.a-price` element with a hidden text and visible parts."""

import re
from collections.abc import Iterable

from parsel import Selector

from crawler.pages.marketplaces import Marketplace
from crawler.pages.numbers import Money, parse_money
from crawler.pages.text import find_text, visible_text

# Offers of other sellers stand apart and are not the product's price.
_OWN = "not(ancestor::*[@data-cy='secondary-offer-recipe'])"
_PRICE = f".//*[contains(concat(' ', normalize-space(@class), ' '), ' a-price ')][{_OWN}]"
_IS_SECONDARY = "contains(concat(' ', normalize-space(@class), ' '), ' a-text-price ')"
_CURRENT_PRICE = f"{_PRICE}[not({_IS_SECONDARY})]"
_STRUCK_PRICE = f"{_PRICE}[@data-a-strike='true']"
# A price for a unit is drawn like a list price, but in parentheses: "(₹105.80/count)".
_BESIDE_PRICE = f"{_PRICE}[{_IS_SECONDARY}][not(starts-with(normalize-space(..), '('))]"

_CALLED_OTHERWISE = re.compile(
    r"\b(?:condition|used|renewed|refurbished|usad[oa]s?|gebraucht|d.occasion|usat[oi]|\d+x de|install?ments?|"
    r"parcelas?|juros|cuotas|mensualidades|raten|emi|monthly|per month|subscribe|rental)\b",
    re.IGNORECASE,
)
"""What is said beside an amount that is no list price: it is that of another condition, or a part of the price."""


def read_price(element: Selector, marketplace: Marketplace) -> Money | None:
    """Read one `.a-price` element: its hidden text, or where that is blank the parts that are drawn."""
    hidden = parse_money(find_text(element, ".a-offscreen"), marketplace)
    return hidden or _drawn_price(element, marketplace)


def first_price(elements: Iterable[Selector], marketplace: Marketplace) -> Money | None:
    """Give the first price of the elements."""
    return next((money for element in elements if (money := read_price(element, marketplace))), None)


def price_in(card: Selector, marketplace: Marketplace) -> Money | None:
    """Give what the product of a result card costs; other sellers' offers do not count."""
    own = card.css("[data-cy=price-recipe]") or [card]
    return first_price((element for part in own for element in part.xpath(_CURRENT_PRICE)), marketplace)


def list_price_of(root: Selector, marketplace: Marketplace) -> Money | None:
    """Give the struck-out price inside the element: the list price, or in India the M.R.P."""
    struck = first_price(root.xpath(_STRUCK_PRICE), marketplace)
    beside = root.xpath(f"{_BESIDE_PRICE}[not(@data-a-color='price')]")
    return struck or first_price(
        (amount for amount in beside if not _is_called_otherwise(amount)), marketplace
    )


def _is_called_otherwise(amount: Selector) -> bool:
    return any(_CALLED_OTHERWISE.search(visible_text(parent)) for parent in amount.xpath(".."))


def true_list_price(price: Money | None, list_price: Money | None) -> Money | None:
    """Give the list price unless it is no higher than the price: then it is an instalment, or a price for a unit."""
    if price is None or list_price is None:
        return list_price
    is_other = list_price.currency == price.currency and list_price.amount <= price.amount
    return None if is_other else list_price


def _drawn_price(element: Selector, marketplace: Marketplace) -> Money | None:
    whole = re.sub(r"\D", "", find_text(element, ".a-price-whole") or "")
    if not whole:
        return parse_money(visible_text(element), marketplace)
    symbol = find_text(element, ".a-price-symbol") or ""
    fraction = re.sub(r"\D", "", find_text(element, ".a-price-fraction") or "")
    return parse_money(f"{symbol}{whole}.{fraction or '00'}", marketplace, decimal_separator=".")

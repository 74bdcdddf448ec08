"""Prices, ratings and review counts, read from the words of a page in any of its languages."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from price_parser import Price

from crawler.pages.marketplaces import Marketplace

# A number worth reading stands near the beginning; the bounds keep hostile text cheap and storable.
_LONGEST_TEXT = 200
_HIGHEST_AMOUNT = Decimal(10**10)
_HIGHEST_COUNT = 2 * 10**9
_BEST_RATING = 5.0

# Several currencies share a sign: the marketplace's own wins, else the first.
_CURRENCIES_BY_SIGN = {
    "$": ("USD", "CAD", "AUD", "MXN", "SGD"),
    "US$": ("USD",),
    "USD$": ("USD",),
    "CA$": ("CAD",),
    "C$": ("CAD",),
    "CDN$": ("CAD",),
    "A$": ("AUD",),
    "AU$": ("AUD",),
    "S$": ("SGD",),
    "NT$": ("TWD",),
    "HK$": ("HKD",),
    "R$": ("BRL",),
    "MX$": ("MXN",),
    "₹": ("INR",),
    "Rs": ("INR",),
    "Rs.": ("INR",),
    "€": ("EUR",),
    "£": ("GBP",),
    "¥": ("JPY", "CNY"),
    "￥": ("JPY", "CNY"),
    "円": ("JPY",),
    "zł": ("PLN",),
    "kr": ("SEK", "DKK", "NOK"),
    "₺": ("TRY",),
    "TL": ("TRY",),
    "R": ("ZAR",),
    "﷼": ("SAR",),
    "ريال": ("SAR",),
    "درهم": ("AED",),
    "جنيه": ("EGP",),
}
_ZEROS = (0x0660, 0x06F0, 0x0966)
_ASCII_DIGITS = {zero + value: str(value) for zero in _ZEROS for value in range(10)} | {
    0x066B: ".",
    0x066C: ",",
}
"""Digits of other scripts, and the Arabic separators, which price_parser does not know."""
_ISO_CODE = re.compile(r"[A-Z]{3}")

_DECIMAL = re.compile(r"\d+(?:[.,\u066b]\d+)?")
_EXACT_COUNT = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:[.,'\u2019\u066c]\d{2,3}| \d{3})+|\d+)(?![.,]?\d)")
_ROUNDED_COUNT = re.compile(
    r"(\d+(?:[.,]\d+)?)\s?(?:(k|tsd|mila|mil|tys|mln|mio|m|lakh|lac|l|cr|\+)(?![^\W\d_])|(万|萬|만))",
    re.IGNORECASE,
)
_THOUSAND, _MILLION, _MYRIAD, _LAKH, _CRORE = 10**3, 10**6, 10**4, 10**5, 10**7
_MULTIPLIERS = {
    **dict.fromkeys(("k", "tsd", "mila", "mil", "tys"), _THOUSAND),
    **dict.fromkeys(("m", "mln", "mio"), _MILLION),
    **dict.fromkeys(("lakh", "lac", "l"), _LAKH),
    **dict.fromkeys(("万", "萬", "만"), _MYRIAD),
    "cr": _CRORE,
    "+": 1,
}


@dataclass(frozen=True)
class Money:
    """An amount in major units (rupees, not paise) and its ISO 4217 currency; None for a sign that is not known."""

    amount: Decimal
    currency: str | None


@dataclass(frozen=True)
class Count:
    """How many reviews there are; `exact` is false where the page says only "3.5K"."""

    value: int
    exact: bool


def parse_money(
    text: str | None, marketplace: Marketplace, decimal_separator: str | None = None
) -> Money | None:
    """Read the first price of a text; a range gives its lower end.

    The marketplace's currency holds unless the text has the sign of another one, or one that is not known. Without
    `decimal_separator` the number's own shape tells decimals from thousands (see price_parser).
    """
    short = (text or "")[:_LONGEST_TEXT].translate(_ASCII_DIGITS)
    if not re.search(r"\d", short):
        return None
    price = Price.fromstring(short, decimal_separator=decimal_separator)
    if price.amount is None or not 0 <= price.amount < _HIGHEST_AMOUNT:
        return None
    return Money(price.amount, _currency_code(price.currency, marketplace))


def _currency_code(sign: str | None, marketplace: Marketplace) -> str | None:
    if not sign:
        return marketplace.currency
    candidates = (sign,) if _ISO_CODE.fullmatch(sign) else _CURRENCIES_BY_SIGN.get(sign, (None,))
    return marketplace.currency if marketplace.currency in candidates else candidates[0]


def parse_rating(text: str | None) -> float | None:
    """Read a rating between 0 and 5 from a phrase such as "4,1 de 5 estrellas" or "5つ星のうち4.3"."""
    numbers = [
        float(re.sub(r"[,\u066b]", ".", found)) for found in _DECIMAL.findall((text or "")[:_LONGEST_TEXT])
    ]
    if len(numbers) > 1 and _BEST_RATING in numbers:
        numbers.remove(_BEST_RATING)
    return numbers[0] if numbers and numbers[0] <= _BEST_RATING else None


def parse_count(text: str | None) -> Count | None:
    """Read a number of reviews: "1,02,890" and "5.182 valoraciones" are exact, "(3.5K)" is rounded."""
    short = (text or "")[:_LONGEST_TEXT]
    if rounded := _ROUNDED_COUNT.search(short):
        number, unit, myriads = rounded.groups()
        value = int(Decimal(number.replace(",", ".")) * _MULTIPLIERS[(unit or myriads).lower()])
        return Count(value, exact=False) if value <= _HIGHEST_COUNT else None
    if exact := _EXACT_COUNT.search(short):
        value = int(re.sub(r"\D", "", exact.group()))
        return Count(value, exact=True) if value <= _HIGHEST_COUNT else None
    return None


def best_count(texts: Iterable[str]) -> Count | None:
    """Give the first exact count that the texts hold, else the first rounded one."""
    counts = [count for count in map(parse_count, texts) if count]
    return next((count for count in counts if count.exact), counts[0] if counts else None)

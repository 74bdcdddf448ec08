"""Cut a crawl into slices: category by search term by price band."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from db.categories import Category
from db.crawls import CrawlArguments
from worker.errors import BandsError

_DIGITS: Final = 10
"""Nothing costs a billion."""


@dataclass(frozen=True)
class PriceBand:
    """Prices in whole major units, both ends included; None is open."""

    low: int | None = None
    high: int | None = None


def price_bands(cuts: Sequence[int]) -> list[PriceBand]:
    """Cut all prices into bands; without a cut there is one, open at both ends.

    Two bands share their cut, since prices are not whole: a product at exactly that price is found by both,
    and saved once.

    Args:
        cuts: prices, ascending.
    """
    ends = (None, *cuts, None)
    return [PriceBand(low, high) for low, high in pairwise(ends)]


def read_bands(words: str) -> list[PriceBand]:
    """Read the prices at which to cut, separated by commas, such as `500,1000`.

    Raises:
        BandsError: they are not whole, or do not ascend.
    """
    texts = [text.strip() for text in words.split(",")]
    cuts = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < _DIGITS]
    if len(cuts) < len(texts) or any(low >= high for low, high in pairwise([0, *cuts])):
        raise BandsError(f"whole, ascending prices are needed, such as 500,1000; got {words!r}")
    return price_bands(cuts)


def cut_crawl(
    whole: CrawlArguments, categories: Sequence[Category], bands: Sequence[PriceBand]
) -> list[CrawlArguments]:
    """List the slices of a crawl.

    Args:
        whole: what is the same for all of them.
        categories: each is searched for by each of its terms.
        bands: of price; each deepens a search by the pages that the shop shows of it.
    """
    return [
        replace(whole, categories=(category.name,), search=term, min_price=band.low, max_price=band.high)
        for category in categories
        for term in category.search
        for band in bands
    ]

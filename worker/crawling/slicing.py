"""Cut a crawl into slices, category by search term by price band, and plan them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from db.categories import Category

DEFAULT_MARKETPLACE: Final = "amazon.in"


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


def slice_arguments(
    categories: Sequence[Category], bands: Sequence[PriceBand], options: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """List the spider's arguments of every slice.

    Args:
        categories: each is searched for by each of its terms.
        bands: of price; each deepens a search by the pages that the shop shows of it.
        options: further arguments, the same for all; None is left out.
    """
    return list(_arguments(categories, bands, {k: v for k, v in options.items() if v is not None}))


def _arguments(
    categories: Sequence[Category], bands: Sequence[PriceBand], options: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    for category in categories:
        for term in category.search:
            for band in bands:
                prices = {"min_price": band.low, "max_price": band.high}
                known = {name: price for name, price in prices.items() if price is not None}
                yield {"categories": [category.name], "search": term, **known, **options}

"""The marketplaces whose pages are understood."""

from dataclasses import dataclass

from crawler.pages.errors import UnknownMarketplaceError

_CURRENCIES = {
    "amazon.ae": "AED",
    "amazon.ca": "CAD",
    "amazon.co.jp": "JPY",
    "amazon.co.uk": "GBP",
    "amazon.co.za": "ZAR",
    "amazon.com": "USD",
    "amazon.com.au": "AUD",
    "amazon.com.be": "EUR",
    "amazon.com.br": "BRL",
    "amazon.com.mx": "MXN",
    "amazon.com.tr": "TRY",
    "amazon.de": "EUR",
    "amazon.eg": "EGP",
    "amazon.es": "EUR",
    "amazon.fr": "EUR",
    "amazon.ie": "EUR",
    "amazon.in": "INR",
    "amazon.it": "EUR",
    "amazon.nl": "EUR",
    "amazon.pl": "PLN",
    "amazon.sa": "SAR",
    "amazon.se": "SEK",
    "amazon.sg": "SGD",
}


@dataclass(frozen=True)
class Marketplace:
    """One national shop: `name` such as "amazon.in", `currency` an ISO 4217 code.

    There is no number format here: a shop shows its pages in several languages, each with its own
    separators, so a number is read from its own shape.
    """

    name: str
    currency: str

    def product_url(self, asin: str) -> str:
        """Give the address of a product's page, built from its ASIN."""
        return f"https://www.{self.name}/dp/{asin}"


def find_marketplace(name: str) -> Marketplace:
    """Give the marketplace of that name.

    Raises:
        UnknownMarketplaceError: no such marketplace is known.
    """
    if name not in _CURRENCIES:
        known = ", ".join(_CURRENCIES)
        raise UnknownMarketplaceError(f"the marketplace must be one of {known}; got {name!r}")
    return Marketplace(name, _CURRENCIES[name])


def marketplace_names() -> list[str]:
    """List the names of all marketplaces that are known."""
    return list(_CURRENCIES)

"""The spider's arguments (`-a NAME=VALUE`): text in, one frozen value out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from crawler.errors import ArgumentsError, UnknownMarketplaceError
from crawler.pages.amazon.layout import find_marketplace
from db.categories import Category
from db.pictures.codes import Reason

DEFAULT_PAGES: Final = 7
"""A search of the shop shows about so many pages, however many products it found."""

DEFAULT_MARKETPLACE: Final = "amazon.in"

HELP: Final = {
    "categories": "names from categories.toml, separated by commas (default: all of them)",
    "max_products": "stop a category after so many products (default: no limit)",
    "pages": f"pages of each search (default: {DEFAULT_PAGES}, about as many as the shop shows)",
    "details": "true visits every product's own page: all pictures, breadcrumb, availability",
    "render": "true has a browser run the pages' scripts; needs the extra `browser` and Chromium",
    "marketplace": f"whose pages these are: address, currency (default: {DEFAULT_MARKETPLACE})",
    "base_url": "another address for the same marketplace, such as http://127.0.0.1:8000",
    "search": "search for this instead of the category's terms; needs exactly one category",
    "min_price": "only products from this price on, a whole amount; with max_price, one slice of a search",
    "max_price": "only products up to this price, a whole amount",
    "retry": f"crawl nothing, fetch refused pictures again; one of {', '.join(Reason)}",
}
_WITH_RETRY: Final = frozenset({"retry", "marketplace", "base_url"})
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Origin:
    """A host and port, as a connection has them: lower case, an IPv6 address without brackets."""

    host: str
    port: int


@dataclass(frozen=True)
class CrawlArguments:
    """What one crawl is asked to do; HELP says what each argument means.

    Attributes:
        base_url: without a trailing slash; None means the marketplace's own address, a live crawl.
    """

    categories: tuple[Category, ...]
    max_products: int | None = None
    pages: int = DEFAULT_PAGES
    details: bool = False
    render: bool = False
    marketplace: str = DEFAULT_MARKETPLACE
    base_url: str | None = None
    search: str | None = None
    min_price: int | None = None
    max_price: int | None = None
    retry: Reason | None = None

    @property
    def is_live(self) -> bool:
        """Whether the shop itself is crawled, and not an address of the user's own."""
        return self.base_url is None

    @property
    def address(self) -> str:
        """The beginning of every page's address."""
        return self.base_url or f"https://www.{self.marketplace}"

    def record(self) -> dict[str, Any]:
        """Give the arguments as JSON values, for the crawl run."""
        return {**vars(self), "categories": [category.name for category in self.categories]}


def parse_arguments(given: Mapping[str, str], known: tuple[Category, ...]) -> CrawlArguments:
    """Read the arguments; an empty value means that the argument was not given.

    Args:
        given: text by name, as the command line has it.
        known: the categories of categories.toml.

    Raises:
        ArgumentsError: a name is unknown, a value is wrong, or two arguments do not go together.
    """
    texts = {name: text.strip() for name, text in given.items() if text.strip()}
    for name in given:
        if name not in HELP:
            raise ArgumentsError(f"the arguments are {', '.join(HELP)}; received {name!r}")
    values = {name: _PARSERS[name](name, text) for name, text in texts.items() if name != "categories"}
    arguments = CrawlArguments(categories=_categories(texts.get("categories"), known), **values)
    _check_together(arguments, set(texts))
    return arguments


def origin_of(url: str) -> Origin:
    """Tell which host and port an http or https address leads to."""
    parts = urlsplit(url)
    return Origin((parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0))


def _check_together(arguments: CrawlArguments, given: set[str]) -> None:
    if arguments.search is not None and len(arguments.categories) != 1:
        names = ",".join(category.name for category in arguments.categories)
        raise ArgumentsError(f"search needs exactly one category (-a categories=NAME); received {names}")
    low, high = arguments.min_price, arguments.max_price
    if low is not None and high is not None and low > high:
        raise ArgumentsError(f"min_price must not be above max_price; received {low} and {high}")
    surplus = ", ".join(sorted(given - _WITH_RETRY))
    if arguments.retry is not None and surplus:
        raise ArgumentsError(f"retry goes with marketplace and base_url only; received {surplus}")
    host = origin_of(arguments.address).host if not arguments.is_live else ""
    if host == arguments.marketplace or host.endswith(f".{arguments.marketplace}"):
        raise ArgumentsError(
            f"base_url is for another address than the shop's own, leave it out; received {host!r}"
        )


def _categories(text: str | None, known: tuple[Category, ...]) -> tuple[Category, ...]:
    if text is None:
        return known
    by_name = {category.name: category for category in known}
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    wrong = [name for name in names if name not in by_name]
    if wrong or not names:
        raise ArgumentsError(f"categories must be of {', '.join(by_name)}; received {text!r}")
    return tuple(by_name[name] for name in names)


def _text(_name: str, text: str) -> str:
    return text


def _count(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) <= 10**6):
        raise ArgumentsError(f"{name} must be a whole number from 1 to 1000000; received {text!r}")
    return int(text)


def _amount(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - nothing costs a billion
        raise ArgumentsError(f"{name} must be a whole amount in the shop's currency; received {text!r}")
    return int(text)


def _switch(name: str, text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ArgumentsError(f"{name} must be true or false; received {text!r}")
    return text.lower() == "true"


def _marketplace(name: str, text: str) -> str:
    try:
        return find_marketplace(text.lower()).name
    except UnknownMarketplaceError as error:
        raise ArgumentsError(f"{name}: {error}") from error


def _base_url(name: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ArgumentsError(f"{name} is no address ({error}); received {text!r}") from error
    surplus = parts.username or parts.password or parts.query or parts.fragment
    if parts.scheme not in _PORTS or not parts.hostname or surplus or port == 0:
        raise ArgumentsError(
            f"{name} must look like http://127.0.0.1:8000 or https://shop.example; received {text!r}"
        )
    return text.rstrip("/")


def _reason(name: str, text: str) -> Reason:
    try:
        return Reason(text)
    except ValueError as error:
        raise ArgumentsError(f"{name} must be one of {', '.join(Reason)}; received {text!r}") from error


_PARSERS: Final[Mapping[str, Callable[[str, str], Any]]] = {
    "max_products": _count,
    "pages": _count,
    "details": _switch,
    "render": _switch,
    "marketplace": _marketplace,
    "base_url": _base_url,
    "search": _text,
    "min_price": _amount,
    "max_price": _amount,
    "retry": _reason,
}

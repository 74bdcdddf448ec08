"""The spider's arguments (`-a NAME=VALUE`) read from text: what each means, and what it may be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from crawler.errors import ArgumentsError
from crawler.pages.errors import UnknownMarketplaceError
from crawler.pages.marketplaces import find_marketplace
from db.categories import Category
from db.crawls import DEFAULT_MARKETPLACE, DEFAULT_PAGES, CrawlArguments
from db.pictures.codes import Reason

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


def parse_arguments(given: Mapping[str, str], known: tuple[Category, ...]) -> CrawlArguments:
    """Read the arguments; an empty value means that the argument was not given.

    Args:
        given: text by name, as the command line has it.
        known: the categories of categories.toml; without a choice, the arguments name them all.

    Raises:
        ArgumentsError: a name is unknown, a value is wrong, or two arguments do not go together.
    """
    texts = {name: text.strip() for name, text in given.items() if text.strip()}
    for name in given:
        if name not in HELP:
            raise ArgumentsError(f"the arguments are {', '.join(HELP)}; got {name!r}")
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
        names = ",".join(arguments.categories)
        raise ArgumentsError(f"search needs exactly one category (-a categories=NAME); got {names}")
    low, high = arguments.min_price, arguments.max_price
    if low is not None and high is not None and low > high:
        raise ArgumentsError(f"min_price must not be above max_price; got {low} and {high}")
    surplus = ", ".join(sorted(given - _WITH_RETRY))
    if arguments.retry is not None and surplus:
        raise ArgumentsError(f"retry goes with marketplace and base_url only; got {surplus}")
    host = origin_of(arguments.address).host if not arguments.is_live else ""
    if host == arguments.marketplace or host.endswith(f".{arguments.marketplace}"):
        raise ArgumentsError(
            f"base_url is for another address than the shop's own, leave it out; got {host!r}"
        )


def _categories(text: str | None, known: tuple[Category, ...]) -> tuple[str, ...]:
    all_names = tuple(category.name for category in known)
    if text is None:
        return all_names
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names or not set(names) <= set(all_names):
        raise ArgumentsError(f"categories must be of {', '.join(all_names)}; got {text!r}")
    return names


def _text(_name: str, text: str) -> str:
    return text


def _count(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) <= 10**6):
        raise ArgumentsError(f"{name} must be a whole number from 1 to 1000000; got {text!r}")
    return int(text)


def _amount(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - nothing costs a billion
        raise ArgumentsError(f"{name} must be a whole amount in the shop's currency; got {text!r}")
    return int(text)


def _switch(name: str, text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ArgumentsError(f"{name} must be true or false; got {text!r}")
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
        raise ArgumentsError(f"{name} is no address ({error}); got {text!r}") from error
    surplus = parts.username or parts.password or parts.query or parts.fragment
    if parts.scheme not in _PORTS or not parts.hostname or surplus or port == 0:
        raise ArgumentsError(
            f"{name} must look like http://127.0.0.1:8000 or https://shop.example; got {text!r}"
        )
    return text.rstrip("/")


def _reason(name: str, text: str) -> Reason:
    try:
        return Reason(text)
    except ValueError as error:
        raise ArgumentsError(f"{name} must be one of {', '.join(Reason)}; got {text!r}") from error


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

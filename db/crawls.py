"""The contract of a crawl: how the spider is started, and how its exit code and its crawl run are to be read.

The crawler keeps it, and whoever starts a crawl or reads of one relies on it.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import IntEnum, StrEnum
from typing import Any, Final, Self

from db.messages import CRAWL_QUEUE, RENDER_QUEUE

SPIDER: Final = "amazon_clothing"

CRAWL_RUN: Final = "CRAWL_RUN"
"""The setting by which a worker tells the spider the id of the slice that it crawls."""

CRAWL_WORKER: Final = "CRAWL_WORKER"
"""The setting by which a worker tells the spider its process id, so that the crawl ends with it."""

DEFAULT_MARKETPLACE: Final = "amazon.in"

DEFAULT_PAGES: Final = 7
"""A search of the shop shows about so many pages, however many products it found."""


class ExitCode(IntEnum):
    """How `scrapy crawl` ends."""

    DONE = 0
    NOT_DONE = 1
    WRONG_ARGUMENTS = 2


class FinishReason(StrEnum):
    """Why a crawl ended, as its crawl run says; Scrapy's own limits (CLOSESPIDER_...) have further ones."""

    FINISHED = "finished"
    CANCELLED = "cancelled"
    """Of a slice that somebody took back before a worker took it up."""
    SHUTDOWN = "shutdown"
    WRONG_ARGUMENTS = "wrong_arguments"
    """Of a slice that the spider refused to begin."""
    NO_CONTACT = "no_contact"
    NO_BROWSER = "no_browser"
    BLOCKED = "blocked"
    FORBIDDEN_BY_ROBOTS = "forbidden_by_robots"
    CRAWL_DELAY = "crawl_delay"
    """robots.txt asks for over an hour between requests."""
    UNREACHABLE = "unreachable"
    NOTHING_FOUND = "nothing_found"
    LAYOUT_CHANGED = "layout_changed"
    NOTHING_SAVED = "nothing_saved"
    CRASHED = "crashed"
    DATABASE_ERROR = "database_error"
    CRAWLER_DIED = "crawler_died"
    """Of a crawl that could not write its own."""


COMPLETE: Final = (FinishReason.FINISHED, FinishReason.NOTHING_FOUND)
"""Finish reasons of a slice that is complete; a band of price may well be empty."""


@dataclass(frozen=True)
class CrawlArguments:
    """What one crawl is asked to do: the spider's arguments, by their names; crawler.arguments.HELP explains them.

    Attributes:
        categories: by name; none means all of categories.toml.
        base_url: without a trailing slash; None means the marketplace's own address, a live crawl.
        retry: the reason code of the refused pictures that are fetched again.
    """

    categories: tuple[str, ...] = ()
    max_products: int | None = None
    pages: int = DEFAULT_PAGES
    details: bool = False
    render: bool = False
    marketplace: str = DEFAULT_MARKETPLACE
    base_url: str | None = None
    search: str | None = None
    min_price: int | None = None
    max_price: int | None = None
    retry: str | None = None

    @classmethod
    def read(cls, recorded: Mapping[str, Any]) -> Self:
        """Read the arguments of a crawl run; what it does not hold has its default."""
        values = _known(cls, recorded)
        return cls(**values | {"categories": tuple(values.get("categories", ()))})

    def record(self) -> dict[str, Any]:
        """Give the arguments as JSON values, for the crawl run."""
        return asdict(self) | {"categories": list(self.categories)}

    @property
    def is_live(self) -> bool:
        """Whether the shop itself is crawled, and not an address of the user's own."""
        return self.base_url is None

    @property
    def address(self) -> str:
        """The beginning of every page's address."""
        return self.base_url or f"https://www.{self.marketplace}"

    @property
    def queue(self) -> str:
        """Where its message belongs, as a slice: not every crawl worker has a browser."""
        return RENDER_QUEUE if self.render else CRAWL_QUEUE


@dataclass(frozen=True)
class Tally:
    """The counts of one crawl, named as its crawl run's statistics.

    Attributes:
        images_stored: pictures whose bytes are new in the records.
        images_known: addresses that were not fetched, because an earlier crawl stored their picture.
        images_refused: addresses by reason code.
        images_waiting: stored, but not taken by a broker.
        fields_found: products of which the shop said a field, by its name; of earlier releases none.
        pages: by kind.
        pages_of_another: product pages that showed another product than the one that was asked for.
        pages_unreadable: of an unknown kind, or with cards that could not be read.
        requests_failed: for pages, by cause.
        faults: errors of the program itself, in the spider or a pipeline.
    """

    products_new: int = 0
    products_updated: int = 0
    images_stored: int = 0
    images_known: int = 0
    images_refused: dict[str, int] = field(default_factory=dict)
    images_enqueued: int = 0
    images_waiting: int = 0
    fields_found: dict[str, int] = field(default_factory=dict)
    pages: dict[str, int] = field(default_factory=dict)
    pages_of_another: int = 0
    pages_unreadable: int = 0
    requests_failed: dict[str, int] = field(default_factory=dict)
    searches_empty: int = 0
    faults: int = 0

    @classmethod
    def read(cls, recorded: Mapping[str, Any]) -> Self:
        """Read the statistics of a crawl run; what it has not counted is 0."""
        earlier = {"images_refused": recorded.get("images_rejected", {})}  # as earlier versions called them
        return cls(**_known(cls, earlier | dict(recorded)))

    def record(self) -> dict[str, Any]:
        """Give the counts as JSON values, for the crawl run."""
        return asdict(self)

    @property
    def products(self) -> int:
        """How many products were saved."""
        return self.products_new + self.products_updated


def spider_command(arguments: CrawlArguments, **settings: object) -> list[str]:
    """Spell the command that crawls in a process of its own, to be run from the repository's root.

    Args:
        arguments: None and the defaults are left out.
        settings: Scrapy's, and those above.
    """
    words = [sys.executable, "-m", "scrapy", "crawl", SPIDER]
    for name, text in _spelt(arguments):
        words += ["-a", f"{name}={text}"]
    for name, value in settings.items():
        words += ["-s", f"{name}={value}"]
    return words


def _spelt(arguments: CrawlArguments) -> Iterator[tuple[str, str]]:
    for one in fields(arguments):
        value = getattr(arguments, one.name)
        if value != one.default:
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            yield one.name, text.lower() if isinstance(value, bool) else text


def _known(cls: type[Any], recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what another version of the program recorded."""
    return {one.name: recorded[one.name] for one in fields(cls) if one.name in recorded}

"""The spider: which page comes next, nothing else."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from crawler.arguments import parse_arguments
from crawler.errors import CrawlEndsError, NoContactError, PageBlockedError, PageNotRenderedError
from crawler.failures import FETCH_ERRORS, reason_of
from crawler.items import PictureRetry, ProductItem, complete_item, product_item
from crawler.pages.amazon.cards import SearchCard
from crawler.pages.amazon.kinds import PageKind, classify_page
from crawler.pages.amazon.product import ProductPage
from crawler.pages.amazon.search import SearchPage
from crawler.rendering.browser import rendering_settings
from crawler.resolver import is_private_host
from crawler.settings import user_agent
from crawler.spiders.retries import refused_pictures
from crawler.stopping import is_stopping, note_failure
from crawler.tally import FAULTS, PAGES, PAGES_OF_ANOTHER, PAGES_UNREADABLE, REQUESTS_FAILED, SEARCHES_EMPTY
from db.categories import Category, load_categories
from db.crawls import SPIDER, CrawlArguments
from db.pictures.codes import Reason
from db.session import open_database

_logger = logging.getLogger(__name__)

# For a shop of the user's own; crawler/settings.py holds the manners of a live crawl.
_OWN_ADDRESS_SETTINGS = {
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
    "CONCURRENT_REQUESTS": 16,
    "RENDER_PAGES": 2,
}


@dataclass(frozen=True)
class Search:
    """One page of one search of one category."""

    category: str
    term: str
    page: int = 1


class AmazonClothingSpider(Spider):
    """Searches a marketplace for each category; the arguments are those of crawler.arguments."""

    name = SPIDER

    def __init__(self, arguments: CrawlArguments, categories: tuple[Category, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.arguments = arguments
        self.is_own_shop = False
        """Whether its address is private or loopback, where the manners of a live crawl are not called for."""
        self._terms = {category.name: category.search for category in categories}
        self._emitted: defaultdict[str, dict[str, bool]] = defaultdict(dict)
        """By category: the ASINs so far, and whether they were organic."""
        self._shown: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        """By category and term: the ASINs that the search's pages have shown."""
        self._visited: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *_args: Any, **given: str) -> Self:
        """Build the spider from the command line's arguments.

        Raises:
            ArgumentsError: one of them is unknown or wrong.
            CategoriesError: categories.toml cannot be used.
            NoBrowserError: pages are to be rendered, and there is no browser.
        """
        categories = load_categories()
        spider = cls(parse_arguments(given, categories), categories)
        spider._set_crawler(crawler)
        if contact := crawler.settings.get("CRAWLER_CONTACT"):
            crawler.settings.set("USER_AGENT", user_agent(contact), priority="project")
        spider.is_own_shop = not spider.arguments.is_live and is_private_host(
            urlsplit(spider.arguments.address).hostname or ""
        )
        if spider.is_own_shop:
            crawler.settings.setdict(_OWN_ADDRESS_SETTINGS, priority="spider")
        if spider.arguments.render:
            scheme = urlsplit(spider.arguments.address).scheme
            crawler.settings.setdict(rendering_settings(crawler.settings, scheme), priority="spider")
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Begin all searches; or, as a retry, give the pictures that are to be fetched again."""
        if not self.is_own_shop and not self.settings["CRAWLER_CONTACT"]:
            raise note_failure(self.crawler, NoContactError("the crawl of a public shop needs a contact"))
        if self.arguments.retry is not None:
            async for item in self._retries(Reason(self.arguments.retry)):
                yield item
            return
        for category in self.arguments.categories:
            for term in (self.arguments.search,) if self.arguments.search else self._terms[category]:
                yield self._search_request(Search(category, term))

    def parse(self, response: Response, search: Search | None = None) -> Iterator[ProductItem | Request]:
        """Read a search page: its products, and the next page if there is one and it is wanted.

        Without a search (`scrapy parse`) the page is taken for one of the first category.
        """
        first = self.arguments.categories[0]
        search = search or Search(first, self._terms[first][0])
        kind = self._note_kind(response)
        if kind is PageKind.SEARCH and isinstance(response, TextResponse):
            yield from self._parse_cards(SearchPage(response, self.arguments.marketplace), search)
        elif kind is PageKind.EMPTY:
            if search.page == 1:
                _logger.warning("the search %r (%s) found nothing", search.term, search.category)
                self._count(SEARCHES_EMPTY)
        else:
            self._note_unreadable(response, kind)

    def parse_product(self, response: Response, item: ProductItem) -> Iterator[ProductItem]:
        """Complete a product with what its own page says; where that says nothing, the card's values stay."""
        kind = self._note_kind(response)
        if kind is PageKind.PRODUCT and isinstance(response, TextResponse):
            yield self._complete(item, ProductPage(response, self.arguments.marketplace))
        else:
            self._note_unreadable(response, kind)
            yield item

    def _complete(self, item: ProductItem, page: ProductPage) -> ProductItem:
        """Add what a product's page says; that of another one, such as a variant that is sold, says nothing of it."""
        if page.stated_asin in {None, item.asin}:
            return complete_item(item, page)
        self._count(PAGES_OF_ANOTHER)
        _logger.warning("the page of %s shows %s: the card's values stay", item.asin, page.stated_asin)
        return replace(item, parent_asin=item.parent_asin or page.parent_asin)

    def handle_failure(self, failure: Failure) -> Iterator[ProductItem]:
        """Count a page that could not be fetched; of a product's page, the card's values are still given."""
        request, error = failure.request, failure.value  # type: ignore[attr-defined]
        if isinstance(error, CrawlEndsError):
            _logger.debug("page not fetched: %s", error)
        elif isinstance(error, FETCH_ERRORS):
            self._count(f"{REQUESTS_FAILED}{_cause(error)}")
            level = logging.DEBUG if is_stopping(self.crawler) else logging.WARNING
            _logger.log(level, "page not fetched: %s", str(error) or f"{request.url} {type(error).__name__}")
        else:
            self._count(FAULTS)
            _logger.error("page not fetched: %s", request.url, exc_info=error)
        if "item" in request.cb_kwargs:
            yield request.cb_kwargs["item"]

    def _parse_cards(self, page: SearchPage, search: Search) -> Iterator[ProductItem | Request]:
        cards = [card for card in page.cards if card.title or card.images]
        if not cards:
            _logger.error("%r: none of the %d cards could be read", search.term, page.card_count)
            self._count(PAGES_UNREADABLE)
            return
        for card in self._wanted(cards, search.category):
            yield self._product_request(product_item(card, self.arguments.marketplace, search.category))
        if not self._shows_new(cards, search):
            _logger.info("%r: page %d shows nothing new, so it is the last one", search.term, search.page)
        elif page.has_next and search.page < self.arguments.pages and not self._is_full(search.category):
            yield self._search_request(replace(search, page=search.page + 1))

    def _shows_new(self, cards: list[SearchCard], search: Search) -> bool:
        """Say whether a page shows what its search has not; a shop may answer with page 1 for ever."""
        shown = self._shown[search.category, search.term]
        before = len(shown)
        shown.update(card.asin for card in cards)
        return len(shown) > before

    def _wanted(self, cards: list[SearchCard], category: str) -> Iterator[SearchCard]:
        """Choose the products that the category does not have yet, organic ones first, up to its limit."""
        emitted = self._emitted[category]
        for card in sorted(cards, key=lambda card: not card.organic):
            seen = card.asin in emitted
            if seen and (emitted[card.asin] or not card.organic):
                continue
            if not seen and self._is_full(category):
                continue
            emitted[card.asin] = card.organic
            yield card

    def _is_full(self, category: str) -> bool:
        limit = self.arguments.max_products
        return limit is not None and len(self._emitted[category]) >= limit

    def _search_request(self, search: Search) -> Request:
        arguments = self.arguments
        query: dict[str, Any] = {"k": search.term, "page": search.page}
        if arguments.min_price is not None:
            query["low-price"] = arguments.min_price
        if arguments.max_price is not None:
            query["high-price"] = arguments.max_price
        return Request(
            f"{arguments.address}/s?{urlencode(query)}",
            cb_kwargs={"search": search},
            errback=self.handle_failure,
            callback=self.parse,
        )

    def _product_request(self, item: ProductItem) -> ProductItem | Request:
        """Visit the product's page, once a crawl and only if asked to; otherwise the item is complete."""
        if not self.arguments.details or item.asin in self._visited:
            return item
        self._visited.add(item.asin)
        return Request(
            f"{self.arguments.address}/dp/{item.asin}?th=1&psc=1",
            cb_kwargs={"item": item},
            errback=self.handle_failure,
            callback=self.parse_product,
        )

    async def _retries(self, reason: Reason) -> AsyncIterator[PictureRetry]:
        loop = asyncio.get_running_loop()
        pictures = refused_pictures(open_database(), self.arguments.marketplace, reason)
        while (item := await loop.run_in_executor(None, next, pictures, None)) is not None:
            yield item
            # Scrapy takes what start() gives as fast as it comes; no signal tells when it has caught up.
            while self.crawler.engine.needs_backout() and self.crawler.crawling:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def _note_kind(self, response: Response) -> PageKind:
        kind = classify_page(response)
        self._count(f"{PAGES}{kind}")
        return kind

    def _note_unreadable(self, response: Response, kind: PageKind) -> None:
        if response.status >= HTTPStatus.BAD_REQUEST:
            self._count(f"{REQUESTS_FAILED}{Reason.HTTP_ERROR}")
        else:
            self._count(PAGES_UNREADABLE)
        _logger.warning("%s page, status %d: %s", kind, response.status, response.url)

    def _count(self, name: str) -> None:
        self.crawler.stats.inc_value(name)


def _cause(error: BaseException) -> str:
    """Name what kept a page from being read."""
    if isinstance(error, PageBlockedError):
        return "blocked"
    return "not_rendered" if isinstance(error, PageNotRenderedError) else reason_of(error)

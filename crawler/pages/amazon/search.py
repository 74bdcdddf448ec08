"""Search pages: what was found, and where in the results this page stands."""

import re
from functools import cached_property

from parsel import Selector
from scrapy.http import TextResponse

from crawler.pages.amazon.cards import SearchCard, merge_cards, read_card
from crawler.pages.amazon.kinds import SEARCH_CARD
from crawler.pages.marketplaces import find_marketplace
from crawler.pages.numbers import parse_count
from crawler.pages.text import find_text, find_texts, markup_of

_RESULT_INFO = '[data-component-type="s-result-info-bar"]'
_TOTAL = re.compile(r"""["']totalResultCount["']\s*:\s*["']?(\d{1,12})\b""")
_NUMBER = re.compile(r"\d[\d.,]*")
_QUOTES = "\"'“”„«»「」"
_CURRENT_PAGE = (".s-pagination-selected", ".a-pagination .a-selected")
_PAGES = (".s-pagination-item", ".a-pagination li")
_NEXT = "a.s-pagination-next:not(.s-pagination-disabled)[href], .a-pagination .a-last a[href]"


class SearchPage:
    """One page of a search, read from a saved response; no network, no database.

    Values that the page does not give are None.

    Raises:
        UnknownMarketplaceError: the marketplace is none of the shop's.
    """

    def __init__(self, response: TextResponse, marketplace: str) -> None:
        self.marketplace = find_marketplace(marketplace)
        self._response = response
        self._markup = markup_of(response)

    @cached_property
    def cards(self) -> tuple[SearchCard, ...]:
        """The products found, one for each ASIN, in the order of the page."""
        cards = (
            read_card(card, position, self.marketplace, self._response.url)
            for position, card in enumerate(self._card_markup, start=1)
        )
        return merge_cards(card for card in cards if card)

    @cached_property
    def card_count(self) -> int:
        """How many cards the page holds, also those that name no product or one already shown."""
        return len(self._card_markup)

    @cached_property
    def total_results(self) -> int | None:
        """How many products the search found, as the page says; the shop shows only the first few hundred."""
        if total := _TOTAL.search(self._response.text):
            return int(total.group(1))
        info = find_text(self._markup, f"{_RESULT_INFO} h2", f"{_RESULT_INFO} span") or ""
        counts = [parse_count(number) for number in _NUMBER.findall(re.split(f"[{_QUOTES}]", info)[0])]
        return max((count.value for count in counts if count), default=None)

    @cached_property
    def query(self) -> str | None:
        """The search as it was asked."""
        return find_text(self._markup, "#twotabsearchtextbox::attr(value)")

    @cached_property
    def query_shown(self) -> str | None:
        """The search whose results are shown: the shop rewrites what it takes for a slip."""
        shown = find_text(self._markup, f"{_RESULT_INFO} .a-color-state")
        return (shown.strip(_QUOTES).strip() or None) if shown else self.query

    @cached_property
    def page_number(self) -> int | None:
        """The number of this page, from 1."""
        return next(iter(self._numbers(*_CURRENT_PAGE)), None)

    @cached_property
    def last_page(self) -> int | None:
        """The number of the last page that can be asked for."""
        return max(self._numbers(*_PAGES), default=None)

    @cached_property
    def has_next(self) -> bool:
        """Whether a further page can be asked for."""
        return bool(self._markup.css(_NEXT))

    @cached_property
    def _card_markup(self) -> list[Selector]:
        return list(self._markup.css(SEARCH_CARD))

    def _numbers(self, *queries: str) -> list[int]:
        texts = find_texts(self._markup, *queries)
        return [int(text) for text in texts if re.fullmatch(r"\d{1,6}", text)]

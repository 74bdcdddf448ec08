"""Product pages: one product in full."""

import re
from decimal import Decimal
from functools import cached_property

from scrapy.http import TextResponse

from crawler.pages.amazon.asins import find_asin, is_asin
from crawler.pages.amazon.brands import brand_in_byline
from crawler.pages.amazon.gallery import find_images
from crawler.pages.amazon.image_addresses import ImageAddress
from crawler.pages.amazon.offers import find_list_price, find_price
from crawler.pages.amazon.prices import true_list_price
from crawler.pages.marketplaces import find_marketplace
from crawler.pages.numbers import Money, best_count, parse_rating
from crawler.pages.text import find_text, find_texts, markup_of, tidy

_ASIN = (
    "input#ASIN::attr(value)",
    "input[name=ASIN]::attr(value)",
    "input[name='ASIN.0']::attr(value)",
    "#averageCustomerReviews::attr(data-asin)",
    "#all-offers-display-params::attr(data-asin)",
)
_PARENT_ASIN = re.compile(r"""["']parentAsin["']\s*:\s*["']([A-Z0-9]{10})["']""")
_TITLE = ("#productTitle", "#ebooksProductTitle", "#title")
_AUTHOR = (
    "#byline .author .contributorNameID",
    "#bylineInfo .author .contributorNameID",
    "#bylineInfo .author a.a-link-normal",
    "#byline .author > a",
    "#byline .author a.a-link-normal",
)
_BRAND_ROWS = ("tr.po-brand td:last-child", "#brand", "[id^=productDetails] tr.brand td")
_RATING = (
    "#acrPopover::attr(title)",
    "#averageCustomerReviews .a-icon-alt",
    "#averageCustomerReviews_feature_div .a-icon-alt",
)
_REVIEWS = (
    "#acrCustomerReviewText",
    "#acrCustomerReviewText::attr(aria-label)",
    "#acrCustomerReviewLink",
    "[data-hook=total-review-count]",
)
_BREADCRUMB = (
    "#wayfinding-breadcrumbs_feature_div a:not(#breadcrumb-back-link)",
    "#wayfinding-breadcrumbs_container a:not(#breadcrumb-back-link)",
)
_WORDS_OR_BREAKS = ".//text()[not(ancestor::script or ancestor::style)] | .//br"
_PROMPT = re.compile(
    r"(?:Deliver(?:ing)? to|Entrega(?:r)? e[nm]|Liefer(?:ung|n) (?:an|nach)|Livr(?:aison|er) à|Consegna a"
    r"|Bezorgen in|Leverans till|Dostawa do)(?:\s+(.+))?",
    re.IGNORECASE,
)


class ProductPage:
    """One product's page, read from a saved response; no network, no database.

    Values that the page does not give are None or (). Amounts are in major units of `currency`.

    Raises:
        UnknownMarketplaceError: the marketplace is none of the shop's.
    """

    def __init__(self, response: TextResponse, marketplace: str) -> None:
        self.marketplace = find_marketplace(marketplace)
        self._response = response
        self._markup = markup_of(response)

    @cached_property
    def asin(self) -> str | None:
        """The ASIN of the product shown: of variants, the chosen one's."""
        return self.stated_asin or find_asin(self._canonical_url) or find_asin(self._response.url)

    @cached_property
    def stated_asin(self) -> str | None:
        """The ASIN that the page itself is of, whatever its addresses say."""
        return next(filter(is_asin, find_texts(self._markup, *_ASIN)), None)

    @cached_property
    def parent_asin(self) -> str | None:
        """The ASIN in the page's canonical address: of variants, their parent's or the leading one's."""
        if asin := find_asin(self._canonical_url):
            return asin
        parent = _PARENT_ASIN.search(self._response.text)
        return parent.group(1) if parent else None

    @cached_property
    def url(self) -> str | None:
        """The product's address, built from its ASIN."""
        return self.marketplace.product_url(self.asin) if self.asin else None

    @cached_property
    def title(self) -> str | None:
        """The product's title."""
        return find_text(self._markup, *_TITLE)

    @cached_property
    def brand(self) -> str | None:
        """The product's brand; of a book, its first author."""
        author = find_text(self._markup, *_AUTHOR)
        byline = brand_in_byline(find_text(self._markup, "#bylineInfo"))
        return author or byline or find_text(self._markup, *_BRAND_ROWS)

    @cached_property
    def price(self) -> Decimal | None:
        """What the product costs; None where it is not sold, or only once a size is chosen."""
        return self._price.amount if self._price else None

    @cached_property
    def list_price(self) -> Decimal | None:
        """The struck-out price (in India the M.R.P.)."""
        return self._list_price.amount if self._list_price else None

    @cached_property
    def currency(self) -> str | None:
        """The ISO 4217 code of the prices; None where there is none."""
        return next((money.currency for money in (self._price, self._list_price) if money), None)

    @cached_property
    def rating(self) -> float | None:
        """The mean rating, between 0 and 5."""
        return parse_rating(find_text(self._markup, *_RATING))

    @cached_property
    def review_count(self) -> int | None:
        """How many customers rated the product."""
        count = best_count(find_texts(self._markup, *_REVIEWS))
        return count.value if count else None

    @cached_property
    def images(self) -> tuple[ImageAddress, ...]:
        """The pictures of the product shown, the main one first."""
        return find_images(self._markup, self._response)

    @cached_property
    def breadcrumb(self) -> tuple[str, ...]:
        """The shop's own categories of the product, the widest first."""
        for query in _BREADCRUMB:
            if crumbs := tuple(find_texts(self._markup, query)):
                return crumbs
        return ()

    @cached_property
    def availability(self) -> str | None:
        """The first line of what the page says about availability, in its own language."""
        lines = [""]
        for node in self._markup.css("#availability").xpath(_WORDS_OR_BREAKS):
            if isinstance(node.root, str):
                lines[-1] += node.root
            else:
                lines.append("")
        return next(filter(None, map(tidy, lines)), None)

    @cached_property
    def delivery_location(self) -> str | None:
        """Where the page would deliver to: it decides price and currency."""
        prompt = _PROMPT.fullmatch(find_text(self._markup, "#glow-ingress-line1") or "")
        if prompt is None:  # the second line may be anything, such as "Update your address"
            return None
        return prompt.group(1) or find_text(self._markup, "#glow-ingress-line2")

    @cached_property
    def _canonical_url(self) -> str | None:
        return find_text(self._markup, "link[rel=canonical]::attr(href)")

    @cached_property
    def _price(self) -> Money | None:
        return find_price(self._markup, self.marketplace)

    @cached_property
    def _list_price(self) -> Money | None:
        return true_list_price(self._price, find_list_price(self._markup, self.marketplace))

"""What kind of page an answer is, told from its body whatever the HTTP status."""

import re
from enum import StrEnum

from parsel import Selector
from scrapy.http import Response, TextResponse

from crawler.pages.amazon.asins import find_asin
from crawler.pages.text import markup_of, visible_text


class PageKind(StrEnum):
    """The kinds of page that a shop answers with."""

    SEARCH = "search"
    PRODUCT = "product"
    EMPTY = "empty"
    NOT_FOUND = "not_found"
    CAPTCHA = "captcha"
    CONTINUE_SHOPPING = "continue_shopping"
    THROTTLE = "throttle"
    AKAMAI = "akamai"
    AWS_WAF = "aws_waf"
    SIGN_IN = "sign_in"
    SCRIPTED = "scripted"
    UNKNOWN = "unknown"

    @property
    def is_block(self) -> bool:
        """Say whether the shop refused to show the page that was asked for."""
        return self in _BLOCKS


_BLOCKS = frozenset(
    {
        PageKind.CAPTCHA,
        PageKind.CONTINUE_SHOPPING,
        PageKind.THROTTLE,
        PageKind.AKAMAI,
        PageKind.AWS_WAF,
        PageKind.SIGN_IN,
    }
)

SEARCH_CARD = '[data-component-type="s-search-result"]'
PRODUCT_TITLE = "#productTitle, #ebooksProductTitle"

# The order matters: a throttle page also shows the dogs of a 404, and a captcha the words of a throttle.
_SIGNS = (
    (PageKind.AKAMAI, r"/_sec/verify\?provider=interstitial|bm-verify=|errors\.edgesuite\.net"),
    (PageKind.AWS_WAF, r"awsWafCookieDomainList|token\.awswaf\.com|\bgokuProps\b"),
    (
        PageKind.CAPTCHA,
        r"captchacharacters|/captcha/[^\"'\s]{1,200}\.jpg|\bcvf[-_](?:widget[-_]form[-_])?captcha",
    ),
    (PageKind.CONTINUE_SHOPPING, r"validateCaptcha"),
    # The head of either: of a page that was cut after it, nothing says which one it was.
    (PageKind.CAPTCHA, r"\bopfcaptcha\.|<title[^>]{0,99}>\s{0,99}Robot Check"),
    (PageKind.THROTTLE, r"ref=cs_50[03]"),
    (PageKind.NOT_FOUND, r"Dogs of Amazon|/dogsofamazon|ref=cs_404"),
    (
        PageKind.SIGN_IN,
        r"<title[^>]{0,99}>\s{0,99}Amazon Sign[ -]?In|<form\b[^>]{0,300}\bname=[\"']?signIn\b",
    ),
    (PageKind.EMPTY, r"No results for|[\"']totalResultCount[\"']\s*:\s*[\"']?0\b|s-no-results-result"),
    # The note to robots stands in every page of errors: alone, it is a refusal whose form is not known yet.
    (PageKind.THROTTLE, r"To discuss automated access to Amazon data"),
)
_FEW_WORDS = 1000
"""Characters: menu and footer of a page that scripts fill have less."""
_SIGN_PATTERNS = tuple((kind, re.compile(sign)) for kind, sign in _SIGNS)


def classify_page(response: Response) -> PageKind:
    """Tell the kind of page from its body; the HTTP status says nothing, a block may come with 200.

    Content decides first (result cards, a product's title), then the signs of refusals in the order
    measured on saved pages. A page without any sign is unknown, never empty; it is scripted where scripts are
    nearly all it has.
    """
    if not isinstance(response, TextResponse) or not response.body:
        return PageKind.UNKNOWN
    markup = markup_of(response)
    if markup.css(SEARCH_CARD):
        return PageKind.SEARCH
    if markup.css(PRODUCT_TITLE):
        return PageKind.PRODUCT
    otherwise = PageKind.SCRIPTED if _is_scripted(markup) else PageKind.UNKNOWN
    return next((kind for kind, sign in _SIGN_PATTERNS if sign.search(response.text)), otherwise)


def _is_scripted(markup: Selector) -> bool:
    """Say whether a page has scripts, few words, and no way to any product."""
    few_words = all(len(visible_text(body)) < _FEW_WORDS for body in markup.css("body"))
    return (
        few_words
        and bool(markup.css("script"))
        and not any(map(find_asin, markup.css("a::attr(href)").getall()))
    )

"""Reading text out of markup."""

from collections.abc import Iterator

from parsel import Selector
from scrapy.http import HtmlResponse, TextResponse

# Pages mix in marks that show nothing: text direction, zero-width spaces, the byte order mark.
_INVISIBLE = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])
_VISIBLE_TEXT = ".//text()[not(ancestor::script or ancestor::style or ancestor::noscript)]"


def markup_of(response: TextResponse) -> Selector:
    """Give the parsed markup of a response; what does not call itself HTML is read as HTML, too."""
    if isinstance(response, HtmlResponse):
        return response.selector
    return Selector(text=response.text, type="html")


def tidy(text: str) -> str:
    """Give the text with white space normalised and invisible marks removed."""
    return " ".join(text.translate(_INVISIBLE).split())


def visible_text(node: Selector) -> str:
    """Give the tidied text of an element, without scripts and styles; of an attribute, its value."""
    if isinstance(node.root, str):
        return tidy(node.root)
    return tidy("".join(node.xpath(_VISIBLE_TEXT).getall()))


def attribute_of(node: Selector, name: str) -> str:
    """Give the value of an attribute, "" where the element lacks it.

    `Selector.attrib` would build all attributes, and fails on a name that XML does not allow.
    """
    return node.xpath(f"@{name}").get() or ""


def find_texts(root: Selector, *queries: str) -> Iterator[str]:
    """Yield the non-empty texts that the CSS queries find, query by query, in the order of the page."""
    for query in queries:
        for node in root.css(query):
            if text := visible_text(node):
                yield text


def find_text(root: Selector, *queries: str) -> str | None:
    """Give the first non-empty text that the CSS queries find, in their order."""
    return next(find_texts(root, *queries), None)

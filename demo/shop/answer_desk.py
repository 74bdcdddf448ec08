"""Which answer a request gets: a pure look-up in the catalogue, bent by the shop's misbehaviour."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import SplitResult, parse_qs, urlsplit

from demo.shop import hostile
from demo.shop.catalogue import Catalogue
from demo.shop.misbehaviour import HostileImage, Misbehaviour, RobotsRule, Turns
from demo.shop.pages import Pages, SearchQuery
from demo.shop.picture_shelf import JPEG_TYPE, EncodedPicture, PictureShelf
from demo.shop.requests import RequestKind, kind_of

HTML_TYPE = "text/html; charset=utf-8"
_SCRIPT_TYPE = "text/javascript; charset=utf-8"
_TEXT_TYPE = "text/plain; charset=utf-8"
_IMAGE = re.compile(r"/images/I/(?P<id>[^./]+)(?:\._(?P<modifiers>[^/]*)_)?\.jpg")
_PRODUCT = re.compile(r"(?:/[^/]+)?/dp/(?P<asin>[A-Z0-9]{10})(?:/.*)?")
_CONTENT = "/content"
"""Before the address of a scripted page, where its script finds what belongs into it."""
_SIDE = re.compile(r"(?:UL|SL|SX|SY|SS|UX|UY|US)(?P<pixels>[1-9]\d{1,3})")


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `parts` streams a body of `length` bytes, or without end where length is None."""

    body: bytes = b""
    status: HTTPStatus = HTTPStatus.OK
    content_type: str = HTML_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: Callable[[], Iterator[bytes]] | None = None
    length: int | None = None
    truncated: bool = False


@dataclass(frozen=True)
class AnswerDesk:
    """Answers the requests of one shop."""

    catalogue: Catalogue
    pages: Pages
    shelf: PictureShelf
    misbehaviour: Misbehaviour
    turns: Turns
    scripted: bool = False

    def answer(self, address: str) -> Answer:
        """Answer a GET request for an address such as `/s?k=saree&page=2`."""
        parts = urlsplit(address)
        match kind_of(address):
            case RequestKind.ROBOTS:
                return self._robots()
            case RequestKind.OTHER:
                return self._other(parts)
            case RequestKind.CONTENT:
                return self._content(parts)
            case kind:
                return self._unreliable(kind, address, parts)

    def _unreliable(self, kind: RequestKind, address: str, parts: SplitResult) -> Answer:
        turn = self.turns.next_answer()
        if turn.unavailable:
            return Answer(self.pages.unavailable().encode(), HTTPStatus.SERVICE_UNAVAILABLE)
        answer = self._image(parts.path) if kind is RequestKind.IMAGE else self._page(kind, address, parts)
        return replace(answer, truncated=turn.truncated)

    def _page(self, kind: RequestKind, address: str, parts: SplitResult) -> Answer:
        block = self.misbehaviour.block
        if block is not None and self.turns.next_page_is_blocked():
            return _html(self.pages.block(block, address))
        if self.scripted:
            return _html(self.pages.scripted())
        return self._search(parts.query) if kind is RequestKind.SEARCH else self._product(parts.path)

    def _content(self, parts: SplitResult) -> Answer:
        path = parts.path.removeprefix(_CONTENT)
        if not self.scripted:
            return self._not_found()
        return self._search(parts.query) if kind_of(path) is RequestKind.SEARCH else self._product(path)

    def _search(self, query: str) -> Answer:
        values = {name: found[-1] for name, found in parse_qs(query).items()}
        return _html(
            self.pages.search(
                SearchQuery(
                    term=values.get("k", ""),
                    page=_whole_number(values.get("page")) or 1,
                    low_price=_whole_number(values.get("low-price")),
                    high_price=_whole_number(values.get("high-price")),
                )
            )
        )

    def _product(self, path: str) -> Answer:
        found = _PRODUCT.fullmatch(path)
        product = self.catalogue.by_asin.get(found["asin"]) if found else None
        return _html(self.pages.product(product)) if product else self._not_found()

    def _image(self, path: str) -> Answer:
        if self.misbehaviour.hostile_image is not None:
            return _hostile_image(self.misbehaviour.hostile_image, self.misbehaviour.redirect_to)
        found = _IMAGE.fullmatch(path)
        picture = self.catalogue.pictures.get(found["id"]) if found else None
        if found is None or picture is None:
            return self._not_found()
        if found["modifiers"] is None and self.misbehaviour.originals_missing:
            return self._not_found()
        side = _SIDE.search(found["modifiers"] or "")
        encoded: EncodedPicture | None = (
            self.shelf.bounded(picture, int(side["pixels"])) if side else self.shelf.original(picture)
        )
        return Answer(encoded.data, content_type=encoded.content_type) if encoded else self._not_found()

    def _other(self, parts: SplitResult) -> Answer:
        if parts.path == "/":
            return _html(self.pages.home())
        if parts.path == "/scripts/page.js" and self.scripted:
            return Answer(self.pages.script().encode(), content_type=_SCRIPT_TYPE)
        target = parse_qs(parts.query).get("url", [""])[0]
        if parts.path == "/sspa/click" and _PRODUCT.fullmatch(urlsplit(target).path):
            return Answer(status=HTTPStatus.FOUND, headers={"Location": target})
        return self._not_found()

    def _robots(self) -> Answer:
        if self.misbehaviour.robots is RobotsRule.ERROR:
            return Answer(b"error\n", HTTPStatus.INTERNAL_SERVER_ERROR, _TEXT_TYPE)
        forbidden = "/" if self.misbehaviour.robots is RobotsRule.FORBID else "/gp/cart"
        lines = ["User-agent: *", f"Disallow: {forbidden}"]
        if self.misbehaviour.crawl_delay_seconds is not None:
            lines.append(f"Crawl-delay: {self.misbehaviour.crawl_delay_seconds:g}")
        return Answer("\n".join([*lines, ""]).encode(), content_type=_TEXT_TYPE)

    def _not_found(self) -> Answer:
        return Answer(self.pages.not_found().encode(), HTTPStatus.NOT_FOUND)


def _html(page: str) -> Answer:
    return Answer(page.encode())


def _whole_number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _hostile_image(hostile_image: HostileImage, redirect_to: str) -> Answer:
    match hostile_image:
        case HostileImage.BOMB:
            return Answer(hostile.bomb(), content_type="image/png")
        case HostileImage.POLYGLOT:
            return Answer(hostile.polyglot(), content_type=JPEG_TYPE)
        case HostileImage.HUGE:
            return Answer(content_type=JPEG_TYPE, parts=hostile.huge_parts, length=hostile.HUGE_BYTES)
        case HostileImage.ENDLESS:
            return Answer(content_type=JPEG_TYPE, parts=hostile.endless_parts)
        case HostileImage.REDIRECT:
            return Answer(status=HTTPStatus.FOUND, headers={"Location": redirect_to})

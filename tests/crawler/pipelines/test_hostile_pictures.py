"""One search page whose cards lead to pictures of every kind of malice; one crawl meets them all."""

import gzip
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from PIL import Image
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from db.pictures.codes import Reason
from db.pictures.decoder import MAX_BYTES
from demo.shop import hostile
from tests.crawler.conftest import Project, Records
from tests.factories import encoded, picture_bytes

CARD = """<div data-component-type="s-search-result" data-asin="{asin}"><h2><a><span>Saree {asin}</span></a></h2>
<img class="s-image" src="{url}"></div>"""


@dataclass(frozen=True)
class Trap:
    """A picture, and what has to come of it."""

    reason: Reason | None
    answer: Callable[[], Response]
    url: str | None = None  # None: at the shop itself

    def respond(self, _request: Request) -> Response:
        return self.answer()


def served(body: bytes, kind: str = "image/jpeg", status: int = 200) -> Callable[[], Response]:
    return lambda: Response(body, status, {"Content-Type": kind})


def compressed(body: bytes) -> Callable[[], Response]:
    headers = {"Content-Type": "image/jpeg", "Content-Encoding": "gzip"}
    return lambda: Response(gzip.compress(body), 200, headers)


def redirected(target: str) -> Callable[[], Response]:
    return lambda: Response(b"", 302, {"Location": target})


def endless() -> Iterator[bytes]:
    yield from hostile.endless_parts()


TRAPS = {
    "B000000001": Trap(None, served(picture_bytes(1))),
    "B000000002": Trap(Reason.FORBIDDEN_ADDRESS, redirected("http://169.254.169.254/latest/meta-data/")),
    "B000000003": Trap(Reason.FORBIDDEN_ADDRESS, redirected("http://127.0.0.1:1/images/I/a.jpg")),
    "B000000004": Trap(Reason.FORBIDDEN_ADDRESS, redirected("http://2130706433:1/images/I/a.jpg")),
    "B000000005": Trap(Reason.FORBIDDEN_ADDRESS, redirected("http://[::1]:1/images/I/a.jpg")),
    "B000000006": Trap(Reason.HTTP_ERROR, redirected("file:///etc/hostname")),
    "B000000007": Trap(Reason.TOO_MANY_PIXELS, served(hostile.bomb(), "image/png")),
    "B000000008": Trap(Reason.UNSUPPORTED_FORMAT, served(hostile.polyglot())),
    "B000000009": Trap(
        Reason.TOO_MANY_BYTES, lambda: Response(endless(), 200, {"Content-Type": "image/jpeg"})
    ),
    "B000000010": Trap(Reason.CORRUPT, served(picture_bytes(2, size=(300, 300))[:2000])),
    "B000000011": Trap(Reason.NOT_FOUND, served(b"gone", "text/plain", 404)),
    "B000000012": Trap(Reason.HTTP_ERROR, served(b"no", "text/plain", 403)),
    "B000000013": Trap(Reason.EMPTY, served(b"")),
    "B000000014": Trap(Reason.TOO_SMALL, served(encoded(Image.new("RGB", (1, 1)), "PNG"), "image/png")),
    "B000000015": Trap(Reason.TOO_MANY_BYTES, compressed(bytes(MAX_BYTES + 1))),
    "B000000016": Trap(Reason.FORBIDDEN_ADDRESS, served(b""), "http://0x7f.0.0.1:1/images/I/a.jpg"),
    "B000000017": Trap(
        Reason.SEVERAL_FRAMES, lambda: Response(animated(), 200, {"Content-Type": "image/webp"})
    ),
    "B000000018": Trap(Reason.HTTP_ERROR, redirected("/images/I/B000000018.jpg")),
}


def animated() -> bytes:
    stream = io.BytesIO()
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:])
    return stream.getvalue()


@pytest.fixture
def shop(httpserver: HTTPServer) -> HTTPServer:
    def search(_request: Request) -> Response:
        cards = [
            CARD.format(asin=asin, url=trap.url or httpserver.url_for(f"/images/I/{asin}.jpg"))
            for asin, trap in TRAPS.items()
        ]
        return Response("".join(cards), 200, {"Content-Type": "text/html"})

    httpserver.expect_request("/robots.txt").respond_with_data("User-agent: *\nDisallow: /cart\n")
    httpserver.expect_request("/s").respond_with_handler(search)
    for asin, trap in TRAPS.items():
        httpserver.expect_request(f"/images/I/{asin}.jpg").respond_with_handler(trap.respond)
    return httpserver


def test_every_trap_is_a_reason_in_the_records_and_harms_nothing(
    project: Project, records: Records, shop: HTTPServer
) -> None:
    # A proxy of the environment would resolve names in the crawler's place: it must not be asked.
    proxies = {"http_proxy": shop.url_for("/proxy"), "https_proxy": shop.url_for("/proxy")}
    ended = project.crawl(shop.url_for("").rstrip("/"), categories="saree", environment=proxies)
    assert ended.exit_code == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert records.reasons() == {asin: trap.reason for asin, trap in TRAPS.items()}
    assert len(records.images()) == 1
    refused = sum(trap.reason is not None for trap in TRAPS.values())
    assert f"1 stored, 0 known, {refused} refused" in ended.stderr

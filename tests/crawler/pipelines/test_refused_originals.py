"""A shop whose original pictures are refused, or whose picture host asks for a rest."""

import io
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

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
<img class="s-image" src="/images/I/{asin}._AC_UL320_.jpg"></div>"""

Answering = Callable[[str], Response]


@dataclass
class PictureShop:
    """A shop of so many sarees; `original` and `shown` answer for the two addresses of each picture."""

    base_url: str
    asins: tuple[str, ...]
    original: Answering
    shown: Answering
    robots: str = ""
    asked: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def answer(self, request: Request) -> Response:
        if request.path == "/robots.txt":
            return Response(self.robots, 200, {"Content-Type": "text/plain"})
        if request.path == "/s":
            return Response(
                "".join(CARD.format(asin=asin) for asin in self.asins), 200, {"Content-Type": "text/html"}
            )
        self.asked[request.path].append(time.monotonic())
        asin = request.path.removeprefix("/images/I/").partition(".")[0]
        return self.shown(asin) if "_AC_" in request.path else self.original(asin)

    def times(self, *, originals: bool) -> list[float]:
        """When originals, or else the addresses that the page shows, were asked for; in seconds."""
        return sorted(
            at for path, times in self.asked.items() if ("_AC_" not in path) == originals for at in times
        )


OpenShop = Callable[..., PictureShop]


@pytest.fixture
def open_shop(httpserver: HTTPServer) -> OpenShop:
    def opened(
        asins: tuple[str, ...], original: Answering, shown: Answering, robots: str = ""
    ) -> PictureShop:
        shop = PictureShop(httpserver.url_for("").rstrip("/"), asins, original, shown, robots)
        httpserver.expect_request("/robots.txt").respond_with_handler(shop.answer)
        httpserver.expect_request("/s").respond_with_handler(shop.answer)
        for asin in asins:
            for name in (f"{asin}.jpg", f"{asin}._AC_UL320_.jpg"):
                httpserver.expect_request(f"/images/I/{name}").respond_with_handler(shop.answer)
        return shop

    return opened


def asins(count: int) -> tuple[str, ...]:
    return tuple(f"B{n:09}" for n in range(count))


def good(asin: str) -> Response:
    return Response(picture_bytes(int(asin[1:])), 200, {"Content-Type": "image/jpeg"})


def status(code: int, **headers: str) -> Answering:
    return lambda _asin: Response(
        "no", code, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def gif() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64)).save(stream, "GIF")
    return stream.getvalue()


REFUSALS: tuple[Callable[[], Response], ...] = (
    lambda: Response("no", 403),
    lambda: Response("no", 400),
    lambda: Response("gone", 404),
    lambda: Response("broken", 500),
    lambda: Response(hostile.bomb(), 200, {"Content-Type": "image/png"}),
    lambda: Response(bytes(MAX_BYTES + 1), 200, {"Content-Type": "image/jpeg"}),
    lambda: Response(picture_bytes(99, size=(300, 300))[:2000], 200, {"Content-Type": "image/jpeg"}),
    lambda: Response(encoded(Image.new("RGB", (1, 1)), "PNG"), 200, {"Content-Type": "image/png"}),
    lambda: Response("<html>a page</html>", 200, {"Content-Type": "text/html"}),
    lambda: Response(b"", 200, {"Content-Type": "image/jpeg"}),
    lambda: Response(gif(), 200, {"Content-Type": "image/gif"}),
)


def test_where_the_original_is_refused_the_address_that_the_page_shows_is_taken(
    project: Project, records: Records, open_shop: OpenShop
) -> None:
    def original(asin: str) -> Response:
        n = int(asin[1:])
        if n == len(REFUSALS):
            return Response("", 302, {"Location": f"/images/I/{asin}.jpg"})
        return REFUSALS[n]()

    shop = open_shop(asins(len(REFUSALS) + 1), original, good)
    ended = project.crawl(shop.base_url, categories="saree")
    assert ended.exit_code == 0, ended.stderr
    assert records.reasons() == dict.fromkeys(shop.asins)
    assert len(records.images()) == len(shop.asins)
    for asin, product in records.products().items():
        assert [(image.url, image.fallback) for image in product.images] == [
            (f"{shop.base_url}/images/I/{asin}.jpg", None)
        ]


def test_robots_txt_is_not_got_round_by_another_address(
    project: Project, records: Records, open_shop: OpenShop
) -> None:
    robots = "User-agent: *\nDisallow: /images/I/B000000000.jpg\n"
    shop = open_shop(asins(1), good, good, robots)
    assert project.crawl(shop.base_url, categories="saree").exit_code == 0
    assert records.reasons() == {"B000000000": Reason.FORBIDDEN_BY_ROBOTS}
    assert not shop.asked


def test_the_other_address_is_kept_for_a_retry(
    project: Project, records: Records, open_shop: OpenShop
) -> None:
    shop = open_shop(asins(2), status(403), status(500))
    project.crawl(shop.base_url, categories="saree")
    assert set(records.reasons().values()) == {Reason.HTTP_ERROR}
    shop.shown = good
    retried = project.crawl(shop.base_url, retry="http_error")
    assert "2 stored" in retried.stderr
    assert set(records.reasons().values()) == {None}


def test_a_host_that_gives_no_originals_is_soon_asked_for_none(
    project: Project, records: Records, open_shop: OpenShop
) -> None:
    shop = open_shop(asins(12), status(403), good)
    project.crawl(shop.base_url, settings={"CONCURRENT_REQUESTS": 1}, categories="saree")
    assert len(records.images()) == len(shop.asins)
    assert len(shop.times(originals=True)) == 3


@pytest.mark.parametrize("code", [429, 503])
def test_a_host_that_asks_to_wait_is_left_alone_for_as_long(
    project: Project, records: Records, open_shop: OpenShop, code: int
) -> None:
    rest_seconds = 2
    refused: list[float] = []

    def original(asin: str) -> Response:
        if not refused or time.monotonic() - refused[0] < 0.2:  # what was on its way is refused, too
            refused.append(time.monotonic())
            return status(code, Retry_After=str(rest_seconds))(asin)
        return good(asin)

    shop = open_shop(asins(8), original, good)
    ended = project.crawl(shop.base_url, categories="saree")
    assert ended.exit_code == 0, ended.stderr
    assert set(records.reasons().values()) == {None}
    assert shop.times(originals=False) == []
    later = [at for at in shop.times(originals=True) if at > refused[-1]]
    assert len(later) >= len(refused)
    assert min(later) - refused[0] >= rest_seconds


def test_a_host_that_asks_for_a_long_rest_is_asked_no_more_and_a_later_crawl_fetches_the_rest(
    project: Project, records: Records, open_shop: OpenShop
) -> None:
    shop = open_shop(asins(8), status(503, Retry_After="1000"), good)
    ended = project.crawl(shop.base_url, settings={"CONCURRENT_REQUESTS": 1}, categories="saree")
    assert ended.exit_code == 0, ended.stderr
    assert "-a retry=host_busy" in ended.stderr
    assert set(records.reasons().values()) == {Reason.HOST_BUSY}
    assert (len(shop.times(originals=True)), shop.times(originals=False)) == (1, [])
    shop.original = status(403)
    assert "8 stored" in project.crawl(shop.base_url, retry="host_busy").stderr


def test_a_host_that_says_not_how_long_has_ever_longer_rests_and_a_picture_three_attempts(
    project: Project, records: Records, open_shop: OpenShop
) -> None:
    shop = open_shop(asins(1), status(429), good)
    project.crawl(shop.base_url, settings={"PICTURE_RETRY_DELAY": 0.5}, categories="saree")
    assert records.reasons() == {"B000000000": Reason.HOST_BUSY}
    first, second, third = shop.times(originals=True)
    assert second - first >= 0.5
    assert third - second >= 1.0
    assert shop.times(originals=False) == []

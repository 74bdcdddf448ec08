from functools import partial

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from crawler.items import PictureRetry
from crawler.pages.amazon.image_addresses import ImageAddress
from crawler.spiders.retries import refused_pictures
from db.pictures.codes import Reason
from db.session import Database
from tests.crawler.conftest import Project, Records
from tests.factories import SHOP, picture, picture_bytes, product, refused, save

CARDS = "".join(
    f'<div data-component-type="s-search-result" data-asin="B00000000{n}"><h2><a><span>Saree {n}</span></a></h2>'
    f'<img class="s-image" src="/images/I/{n}.jpg"></div>'
    for n in range(1, 4)
)


class Shop:
    """A shop whose picture host is broken until it is mended."""

    def __init__(self, server: HTTPServer) -> None:
        self.searches = 0
        self.mended = False
        self.base_url = server.url_for("").rstrip("/")
        server.expect_request("/robots.txt").respond_with_data("")
        server.expect_request("/s").respond_with_handler(self.search)
        for n in range(1, 4):
            server.expect_request(f"/images/I/{n}.jpg").respond_with_handler(partial(self.picture, n))

    def search(self, _request: Request) -> Response:
        self.searches += 1
        return Response(CARDS, 200, {"Content-Type": "text/html"})

    def picture(self, n: int, _request: Request) -> Response:
        return Response(picture_bytes(n)) if self.mended else Response("broken", 500)


@pytest.fixture
def shop(httpserver: HTTPServer) -> Shop:
    return Shop(httpserver)


def test_refused_pictures_are_fetched_again_by_reason_and_nothing_else(
    project: Project, records: Records, shop: Shop
) -> None:
    first = project.crawl(shop.base_url, categories="saree")
    assert first.exit_code == 0, first.stderr
    assert f"-a base_url={shop.base_url} -a retry=http_error" in first.stderr
    seen = {asin: product.last_seen_at for asin, product in records.products().items()}
    assert set(records.reasons().values()) == {Reason.HTTP_ERROR}

    shop.mended = True
    retried = project.crawl(shop.base_url, retry="http_error")
    assert retried.exit_code == 0, retried.stderr
    assert "3 stored" in retried.stderr
    assert shop.searches == 1
    assert set(records.reasons().values()) == {None}
    assert {asin: product.last_seen_at for asin, product in records.products().items()} == seen

    again = project.crawl(shop.base_url, retry="http_error")
    assert again.exit_code == 0
    assert again.last_line == "next      nothing to do: no picture of amazon.in waits for reason http_error"


def test_a_retry_finds_all_refused_pictures_of_the_marketplace(database: Database) -> None:
    gone = [refused(Reason.NOT_FOUND, f"https://shop.test/{n}.jpg") for n in range(1200)]
    save(
        database,
        product("B1", *gone[:700], picture(1, url="https://shop.test/kept.jpg")),
        product("B2", *gone[700:]),
    )
    save(database, product("B3", refused(Reason.CORRUPT)), product("B4", refused(), marketplace="amazon.com"))
    save(database, product("B5", refused(url="/home/user/photos/5.jpg")))
    found = list(refused_pictures(database, SHOP, Reason.NOT_FOUND))
    assert sorted(address.url for retry in found for address in retry.images) == sorted(
        one.url for one in gone
    )
    assert {retry.asin for retry in found} == {"B1", "B2"}


def test_a_retry_keeps_the_place_of_each_picture(database: Database) -> None:
    save(database, product("B1", picture(1, position=0), refused(url="https://shop.test/x.jpg")))
    assert list(refused_pictures(database, SHOP, Reason.NOT_FOUND)) == [
        PictureRetry(SHOP, "B1", (ImageAddress("https://shop.test/x.jpg"),), (0,))
    ]

"""Whole crawls whose pages a real browser renders."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from crawler.errors import NoBrowserError
from crawler.rendering.browser import find_browser
from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.requests import RequestKind
from tests.conftest import missing
from tests.crawler.conftest import Ended, Project, Records

CAPTCHA = '<form action="/errors/validateCaptcha"><input id="captchacharacters"></form>'

HOSTILE = """<!doctype html><html><head>
<link rel="preconnect" href="{inside}"><link rel="prefetch" href="{inside}/prefetch">
<link rel="stylesheet" href="{inside}/a.css"><script src="{inside}/a.js"></script></head>
<body><main></main><img src="{inside}/a.jpg"><iframe src="{inside}/frame"></iframe>
<script>
document.cookie = "passed=the-test";
for (const name of ["127.0.0.1", "2130706433", "localhost"]) {{
  const host = "{inside}".replace("127.0.0.1", name);
  fetch(host + "/fetch", {{mode: "no-cors"}}).catch(() => 0);
  navigator.sendBeacon(host + "/beacon");
  new EventSource(host + "/events");
  new WebSocket(host.replace("http", "ws") + "/socket");
}}
new Worker(URL.createObjectURL(new Blob(["fetch('{inside}/worker', {{mode: 'no-cors'}})"])));
window.open("{inside}/window");
fetch("/away", {{mode: "no-cors"}}).catch(() => 0);
fetch("/secret").catch(() => 0);
fetch("/post", {{method: "POST", body: "a"}}).catch(() => 0);
fetch("/cards").then(answer => answer.text()).then(cards => {{
  document.querySelector("main").innerHTML = cards.replace("NAME", navigator.userAgent);
  location.href = "/elsewhere";
}});
</script></body></html>"""

CARDS = '<div data-component-type="s-search-result" data-asin="B000000001"><h2><a><span>NAME</span></a></h2></div>'


@pytest.fixture(scope="module", autouse=True)
def chromium() -> None:
    try:
        find_browser()
    except NoBrowserError as error:
        missing(str(error))


class Shop:
    """A shop whose search page is as the test has it, and what was asked of it beside."""

    def __init__(self, server: HTTPServer) -> None:
        self._server = server
        self.base_url = server.url_for("").rstrip("/")
        self.cards: list[Request] = []
        self.pages: dict[str, str] = {}
        self.answer_cards = CARDS
        server.expect_request("/robots.txt").respond_with_data("User-agent: *\nDisallow: /secret")
        server.expect_request("/s").respond_with_handler(self._search)
        server.expect_request("/cards").respond_with_handler(self._cards)

    def redirect(self, path: str, target: str) -> None:
        self._server.expect_request(path).respond_with_data("", 302, {"Location": target})

    def asked(self) -> list[str]:
        return [request.path for request, _ in self._server.log]

    def _search(self, request: Request) -> Response:
        page = next(page for name, page in self.pages.items() if name in request.args["k"])
        return Response(page, 200, {"Content-Type": "text/html"})

    def _cards(self, request: Request) -> Response:
        self.cards.append(request)
        return Response(self.answer_cards, 200, {"Content-Type": "text/html"})


@pytest.fixture
def shop(httpserver: HTTPServer) -> Shop:
    return Shop(httpserver)


@pytest.fixture
def inside() -> Iterator[HTTPServer]:
    """A server of this machine that is none of the crawler's business."""
    with HTTPServer() as server:
        yield server


def crawl_pages(project: Project, shop: Shop, pages: dict[str, str], **settings: str) -> Ended:
    """Crawl the shop, whose answer to a category's search is the category's page."""
    shop.pages = pages
    return project.crawl(shop.base_url, settings=settings, categories=",".join(pages), render="true")


def test_cards_and_products_that_scripts_make_are_saved_and_pictures_fetched_once(
    project: Project, records: Records
) -> None:
    with DemoShop(ShopConfig(products=4, broken_pictures=False, scripted=True)) as shop:
        ended = project.crawl(
            shop.base_url, categories="saree,jeans", render="true", details="true", max_products=1
        )
    assert ended.exit_code == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    products = records.products()
    assert len(products) == 2
    truth = {product.asin: product for product in shop.catalogue.products}
    for asin, product in products.items():
        assert product.title == truth[asin].title
        assert product.breadcrumb
        assert product.parent_asin
        assert len(product.images) == len(truth[asin].pictures)
    asked = shop.requests_by_kind
    assert (asked[RequestKind.SEARCH], asked[RequestKind.PRODUCT], asked[RequestKind.CONTENT]) == (2, 2, 4)
    images = {url: times for url, times in shop.requests.items() if url.startswith("/images/")}
    assert len(images) == len(records.images())
    assert set(images.values()) == {1}
    assert shop.requests["/scripts/page.js"] <= 2  # once, or by both pages that are rendered at the same time
    assert asked[RequestKind.ROBOTS] == 1


def test_without_a_browser_a_crawl_of_scripted_pages_says_what_they_may_need(project: Project) -> None:
    with DemoShop(ShopConfig(products=1, scripted=True)) as shop:
        ended = project.crawl(shop.base_url, categories="saree")
        assert shop.requests_by_kind[RequestKind.CONTENT] == 0
    assert ended.exit_code == 1
    assert ended.last_line.startswith("error: nothing_found: ")
    assert "-a render=true" in ended.last_line


def test_a_page_reaches_nothing_but_what_scrapy_fetches_for_it(
    project: Project, records: Records, shop: Shop, inside: HTTPServer
) -> None:
    address = inside.url_for("").rstrip("/").replace("localhost", "127.0.0.1")
    shop.redirect("/away", f"{address}/redirected")
    ended = crawl_pages(project, shop, {"saree": HOSTILE.format(inside=address)})
    assert ended.exit_code == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert inside.log == []
    assert sorted(shop.asked()) == ["/away", "/cards", "/robots.txt", "/s"]
    (asked,) = shop.cards
    (product,) = records.products().values()
    assert product.title == asked.headers["User-Agent"]
    assert asked.headers["User-Agent"].startswith("Vastra/")
    assert "Cookie" not in asked.headers


def test_scripts_that_never_end_cost_their_page_and_not_the_crawl(
    project: Project, records: Records, shop: Shop
) -> None:
    ended = crawl_pages(project, shop, {"saree": "<script>for (;;) {}</script>"}, RENDER_SECONDS="0.5")
    assert ended.exit_code == 1
    assert "Traceback" not in ended.stderr
    assert records.runs()[0].statistics["requests_failed"] == {"not_rendered": 1}


@pytest.mark.parametrize(("page", "answers"), [(CAPTCHA, 0), ("", 1)])
def test_a_block_is_recognised_in_what_a_page_asks_for_and_a_block_page_asks_for_nothing(
    project: Project, shop: Shop, page: str, answers: int
) -> None:
    shop.answer_cards = CAPTCHA
    pages = {"saree": f"<script>fetch('/cards')</script>{page}"}
    ended = crawl_pages(project, shop, pages, BLOCK_RETRY_DELAYS="")
    assert ended.exit_code == 1
    assert ended.last_line.startswith("error: blocked: ")
    assert len(shop.cards) == answers


def test_a_browser_that_does_not_start_ends_the_crawl_with_what_to_do(
    project: Project, tmp_path: Path, shop: Shop
) -> None:
    command = tmp_path / "chromium"
    command.write_text("#!/bin/sh\necho 'No usable sandbox!' >&2\nexit 1\n")
    command.chmod(0o755)
    shop.pages = {"saree": "<script></script>"}
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    ended = project.crawl(shop.base_url, categories="saree", render="true", environment={"PATH": path})
    assert ended.exit_code == 1
    assert ended.last_line.startswith("error: no_browser: ")
    assert "VASTRA_RENDER_SANDBOX=off" in ended.last_line
    assert "Traceback" not in ended.stderr

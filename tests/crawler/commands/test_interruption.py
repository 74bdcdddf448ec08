"""A crawl that ends at any moment loses nothing, and the next one repeats nothing."""

import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from db.models import RunStatus
from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.misbehaviour import Misbehaviour
from tests.crawler.conftest import Broker, Project, Records, crawl_words
from tests.factories import picture_bytes
from tests.processes import PATIENCE_SECONDS

BEATING = {"CRAWL_HEARTBEAT_SECONDS": 0.1}


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def shop() -> Iterator[DemoShop]:
    slow = Misbehaviour(slow_seconds=0.1)
    with DemoShop(ShopConfig(products=40, broken_pictures=False, misbehaviour=slow)) as shop:
        yield shop


@pytest.fixture
def begun(project: Project, records: Records, shop: DemoShop) -> Iterator[subprocess.Popen[str]]:
    """A crawl that has committed some products and is far from its end."""
    process = project.start(*crawl_words(shop.base_url, settings=BEATING, categories="saree,jeans"))
    wait_until(lambda: len(records.products()) >= 10)
    yield process
    process.kill()
    process.communicate()


def test_a_killed_crawl_is_completed_by_the_next_one(
    project: Project, records: Records, shop: DemoShop, begun: subprocess.Popen[str], broker: Broker
) -> None:
    begun.kill()
    begun.wait()
    rescued = records.products()
    stored = {
        image.url for product in rescued.values() for image in product.images if image.image_id is not None
    }
    before = shop.requests
    ended = project.crawl(
        shop.base_url, categories="saree,jeans", environment={"CELERY_BROKER_URL": broker.address}
    )
    assert ended.exit_code == 0, ended.stderr
    assert f"{len(rescued)} updated" in ended.stderr

    products = records.products()
    assert set(products) >= {p.asin for p in shop.catalogue.products if p.category in {"saree", "jeans"}}
    assert all(product.images[0].image_id is not None for product in products.values())
    assert len({image.sha256 for image in records.images()}) == len(records.images())
    assert stored
    fetched_again = shop.requests - before
    assert not [url for url in stored if fetched_again[url.removeprefix(shop.base_url)]]

    killed, finished = records.runs()
    assert (killed.status, finished.status) == (RunStatus.RUNNING, RunStatus.FINISHED)
    assert killed.heartbeat_at is not None
    assert killed.started_at is not None
    assert killed.heartbeat_at > killed.started_at
    fresh = {image_id for _, image_ids in broker.messages() for image_id in image_ids}
    known = {image.image_id for product in rescued.values() for image in product.images}
    assert fresh == {image.id for image in records.images()} - known


def test_an_interrupted_crawl_keeps_what_it_has_and_says_so(
    records: Records, begun: subprocess.Popen[str]
) -> None:
    begun.send_signal(signal.SIGINT)
    _, stderr = begun.communicate(timeout=PATIENCE_SECONDS)
    assert begun.returncode == 1
    assert stderr.rstrip().endswith("error: shutdown: interrupted; run it again, nothing is lost")
    assert "Traceback" not in stderr
    [run] = records.runs()
    assert (run.status, run.finish_reason) == (RunStatus.FINISHED, "shutdown")
    assert run.statistics["products_new"] == len(records.products())


SEARCH = "".join(
    f'<div data-component-type="s-search-result" data-asin="B{n:09}"><h2><a><span>Saree {n}</span></a></h2>'
    f'<img class="s-image" src="/images/I/{n}.jpg"></div>'
    for n in range(20)
)


class HesitantShop:
    """A shop whose robots.txt asks for a long delay, and which never ends its answers to `never`."""

    def __init__(self, server: HTTPServer, crawl_delay: str = "", never: str = "") -> None:
        self.base_url = server.url_for("").rstrip("/")
        self.asked: list[str] = []
        self.searched: list[str] = []
        self.closing = threading.Event()
        self._never = never
        robots = f"User-agent: *\nCrawl-delay: {crawl_delay}\n" if crawl_delay else ""
        server.expect_request("/robots.txt").respond_with_data(robots, content_type="text/plain")
        server.expect_request(re.compile("/(s|images/.*)")).respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        self.asked.append(request.path)
        self.searched += [request.args["k"]] if request.path == "/s" else []
        if self._never and self._never in request.path:
            self.closing.wait(PATIENCE_SECONDS)
        if request.path == "/s":
            return Response(SEARCH, 200, {"Content-Type": "text/html"})
        return Response(
            picture_bytes(int(PurePosixPath(request.path).stem)), 200, {"Content-Type": "image/jpeg"}
        )


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """A server that goes on answering while an answer does not end."""
    with HTTPServer(threaded=True) as server:
        yield server


def interrupt(crawl: subprocess.Popen[str], number: signal.Signals) -> float:
    """Send the signal; tell after how many seconds the crawl has ended, as it should."""
    began = time.monotonic()
    crawl.send_signal(number)
    _, stderr = crawl.communicate(timeout=PATIENCE_SECONDS)
    assert crawl.returncode == 1
    assert "shutdown: interrupted" in stderr
    assert "Traceback" not in stderr
    return time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_the_first_signal_no_delay_is_waited_for_and_nothing_is_sent(
    project: Project, records: Records, server: HTTPServer, number: signal.Signals
) -> None:
    shop = HesitantShop(server, crawl_delay="3")
    crawl = project.start(*crawl_words(shop.base_url, categories="saree"))
    wait_until(lambda: shop.asked == ["/s"])
    assert interrupt(crawl, number) < 30  # its 20 pictures would take 60 s
    assert shop.asked == ["/s"]
    assert all(product.images == [] for product in records.products().values())  # none is refused


def test_an_answer_that_does_not_end_is_not_waited_for(
    project: Project, records: Records, server: HTTPServer
) -> None:
    shop = HesitantShop(server, never="/images/I/7.jpg")
    crawl = project.start(*crawl_words(shop.base_url, categories="saree"))
    wait_until(lambda: len(shop.asked) == 21 and len(records.images()) == 19)
    assert interrupt(crawl, signal.SIGINT) < 25  # a picture may take 30 s
    shop.closing.set()
    products = records.products()
    assert len(products) == 20
    assert products["B000000007"].images == []


def test_a_page_that_waited_for_its_turn_is_fetched_by_the_next_run_on_the_jobdir(
    project: Project, server: HTTPServer, tmp_path: Path
) -> None:
    shop = HesitantShop(server, crawl_delay="2")
    words = crawl_words(
        shop.base_url,
        settings={"JOBDIR": tmp_path / "job"},
        categories="saree,jeans",
        max_products=1,
        pages=1,
    )
    crawl = project.start(*words)
    wait_until(lambda: len(shop.searched) == 1)
    interrupt(crawl, signal.SIGINT)
    assert len(shop.searched) == 1
    resumed = project.run(*words)
    assert resumed.exit_code == 0, resumed.stderr
    assert len(shop.searched) == len(set(shop.searched)) == 2


def test_a_crawl_delay_beyond_an_hour_ends_the_crawl_by_name(
    project: Project, httpserver: HTTPServer
) -> None:
    shop = HesitantShop(httpserver, "1e9")
    ended = project.crawl(shop.base_url, categories="saree,jeans")
    assert ended.exit_code == 1
    assert ended.last_line.startswith("error: crawl_delay: robots.txt of localhost:")
    assert "asks for 1e+09 s between requests" in ended.last_line
    assert shop.asked == []

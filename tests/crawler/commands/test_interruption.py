"""A crawl that ends at any moment loses nothing, and the next one repeats nothing."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from db.models import RunStatus
from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.misbehaviour import Misbehaviour
from tests.crawler.conftest import Broker, Project, Records, crawl_words
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

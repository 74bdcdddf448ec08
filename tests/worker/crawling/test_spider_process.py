"""Slices, crawled by the real spider in a child process: the run tells what came of them, whoever dies."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery.worker import state
from sqlalchemy import func, select
from typer.testing import CliRunner

from db.crawls import CrawlArguments, FinishReason, Tally
from db.messages import CRAWL_QUEUE
from db.models import CrawlRun, Product, RunStatus
from db.queries.waiting_runs import waiting_slices
from db.repository.slices import plan_slices
from db.session import Database
from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.misbehaviour import Misbehaviour
from demo.shop.requests import RequestKind
from tests.conftest import ROOT
from tests.processes import PATIENCE_SECONDS, child, is_living
from worker.__main__ import app
from worker.commands.following import judge_crawl
from worker.crawling.spider_process import crawl_slice
from worker.errors import SlicesFailedError
from worker.fleet.waiting import wait_until

pytestmark = pytest.mark.slow

SPIDER = "scrapy crawl"


@pytest.fixture(scope="module")
def shop() -> Iterator[DemoShop]:
    with DemoShop(ShopConfig(products=6, broken_pictures=False)) as shop:
        yield shop


@pytest.fixture
def slow_shop() -> Iterator[DemoShop]:
    """A crawl of it takes many seconds."""
    slow = Misbehaviour(slow_seconds=0.3)
    with DemoShop(ShopConfig(products=200, broken_pictures=False, misbehaviour=slow)) as shop:
        yield shop


@pytest.fixture
def records(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Records that the child processes open as well."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    database = Database(sqlite_url)
    yield database
    database.close()


def plan(database: Database, shop: DemoShop, **more: Any) -> int:
    arguments = CrawlArguments(categories=("jeans",), base_url=shop.base_url, **more)
    with database.write() as session:
        return plan_slices(session, [arguments])[0]


def get_run(database: Database, run_id: int) -> CrawlRun:
    with database.read() as session:
        return session.get_one(CrawlRun, run_id)


def count_products(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count(Product.id))) or 0


def outcome(database: Database, run_id: int) -> tuple[RunStatus, int, str | None]:
    run = get_run(database, run_id)
    return run.status, run.attempts, run.finish_reason


def at_work(shop: DemoShop, parent: int) -> int:
    """Wait until the slice's spider asks for a page, and give its process id."""
    assert wait_until(lambda: bool(shop.requests_by_kind[RequestKind.SEARCH]), PATIENCE_SECONDS, every=0.1)
    pid = child(parent, SPIDER)
    assert pid is not None
    return pid


def test_wrong_arguments_are_not_tried_again(
    records: Database, shop: DemoShop, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = plan(records, shop, pages=0)
    crawl_slice(records, run_id)
    assert outcome(records, run_id) == (RunStatus.FINISHED, 1, FinishReason.WRONG_ARGUMENTS)
    [told] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert told.getMessage() == "crawled 0 products of amazon.in: wrong_arguments"


@pytest.fixture
def brief_and_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Brief logs, and no broker, whatever other tests have started."""
    monkeypatch.setenv("VASTRA_LOG", "brief")
    monkeypatch.setenv("VASTRA_FOLDER", str(tmp_path))
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)


@pytest.mark.usefixtures("brief_and_alone")
def test_the_worker_of_a_slice_tells_in_one_line_what_came_of_it(
    records: Database, shop: DemoShop, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    run_id = plan(records, shop)
    with caplog.at_level(logging.INFO):
        crawl_slice(records, run_id)
    products = count_products(records)
    assert products > 0
    assert caplog.messages[-1] == f"crawled {products} products of amazon.in: finished"
    # The spider, which would tell the same at length, says only what is wrong: here nobody takes its pictures.
    [wrong] = capfd.readouterr().err.splitlines()
    assert "WARNING no broker is running" in wrong


def test_a_slice_whose_crawler_is_killed_waits_for_the_next_attempt(
    records: Database, slow_shop: DemoShop
) -> None:
    run_id = plan(records, slow_shop)
    worker = threading.Thread(target=crawl_slice, args=(records, run_id))
    worker.start()
    os.kill(at_work(slow_shop, os.getpid()), signal.SIGKILL)
    worker.join(PATIENCE_SECONDS)
    assert outcome(records, run_id) == (RunStatus.PLANNED, 1, None)


def test_a_worker_that_is_told_to_stop_gives_its_slice_back_untried(
    records: Database, slow_shop: DemoShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = plan(records, slow_shop)
    worker = threading.Thread(target=crawl_slice, args=(records, run_id))
    worker.start()
    spider = at_work(slow_shop, os.getpid())
    monkeypatch.setattr(state, "should_stop", 0)  # as Celery's handler of SIGTERM does
    worker.join(PATIENCE_SECONDS)
    assert not is_living(spider)
    assert outcome(records, run_id) == (RunStatus.PLANNED, 0, None)


def test_a_crawler_does_not_outlive_its_worker(records: Database, slow_shop: DemoShop) -> None:
    run_id = plan(records, slow_shop)
    program = (
        f"from db.session import open_database; from worker.crawling.spider_process import crawl_slice; "
        f"crawl_slice(open_database(), {run_id})"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    spider = at_work(slow_shop, worker.pid)
    worker.kill()
    worker.wait()
    assert wait_until(lambda: not is_living(spider), PATIENCE_SECONDS, every=0.1)
    assert outcome(records, run_id) == (RunStatus.PLANNED, 0, None)


@pytest.mark.usefixtures("broker")
def test_the_command_plans_a_crawl_and_waits_for_it_and_no_slice_is_crawled_twice(
    records: Database, shop: DemoShop
) -> None:
    worker = threading.Thread(target=crawl_what_waits, args=(records,))
    worker.start()
    result = CliRunner().invoke(app, ["crawl", "--categories", "jeans", "--base-url", shop.base_url])
    worker.join()
    assert result.exit_code == 0, result.output
    assert "jeans for men" in result.stdout
    assert outcome(records, 1) == (RunStatus.FINISHED, 1, "finished")
    assert Tally.read(get_run(records, 1).statistics).products_new == count_products(records) > 0

    asked = shop.requests
    crawl_slice(records, 1)  # the message comes again
    assert shop.requests == asked


def crawl_what_waits(database: Database) -> None:
    assert wait_until(lambda: bool(waiting(database)), PATIENCE_SECONDS)
    for run_id in waiting(database):
        crawl_slice(database, run_id)


def waiting(database: Database) -> list[int]:
    with database.read() as session:
        return waiting_slices(session).get(CRAWL_QUEUE, [])


@pytest.mark.parametrize(
    ("reasons", "products", "message"),
    [
        (["finished", "blocked", "blocked"], 5, "2 of 3 slices .* blocked 2"),
        (["nothing_found", "nothing_found"], 0, "no slice found a product"),
    ],
)
def test_a_crawl_that_did_not_do_its_job_says_why(reasons: list[str], products: int, message: str) -> None:
    with pytest.raises(SlicesFailedError, match=message):
        judge_crawl([finished(reason, products) for reason in reasons])


def test_a_band_of_price_may_be_empty() -> None:
    judge_crawl([finished("nothing_found", 0), finished("finished", 5)])


def finished(reason: str, products: int) -> CrawlRun:
    return CrawlRun(finish_reason=reason, statistics={"products_updated": products})

"""Crawls that cannot do their job: each ends with its own finish reason, exit code 1 and what to do."""

import json
import socket
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.misbehaviour import BlockPage, Misbehaviour, RobotsRule
from demo.shop.requests import RequestKind
from tests.crawler.conftest import Ended, Project, Records


def crawl(project: Project, misbehaviour: Misbehaviour, products: int = 3) -> tuple[Ended, DemoShop]:
    config = ShopConfig(products=products, broken_pictures=False, misbehaviour=misbehaviour)
    with DemoShop(config) as shop:
        return project.crawl(shop.base_url), shop


@pytest.mark.parametrize(
    ("misbehaviour", "reason"),
    [
        (Misbehaviour(empty_results=True), "nothing_found"),
        (Misbehaviour(changed_layout=True), "layout_changed"),
        (Misbehaviour(robots=RobotsRule.FORBID), "forbidden_by_robots"),
        (Misbehaviour(robots=RobotsRule.ERROR), "forbidden_by_robots"),
        (Misbehaviour(block=BlockPage.AKAMAI), "blocked"),
    ],
)
def test_an_empty_crawl_says_why(
    project: Project, records: Records, misbehaviour: Misbehaviour, reason: str
) -> None:
    ended, shop = crawl(project, misbehaviour)
    assert ended.exit_code == 1
    assert ended.last_line.startswith(f"error: {reason}: ")
    assert "Traceback" not in ended.stderr
    assert [run.finish_reason for run in records.runs()] == [reason]
    asked = shop.requests_by_kind[RequestKind.SEARCH]
    assert asked == (0 if misbehaviour.robots is not RobotsRule.ALLOW else asked)
    if misbehaviour.block:
        assert asked <= 12  # three searches, each retried three times


def test_a_shop_that_is_down_is_unreachable(project: Project, records: Records) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        ended = project.crawl(f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert ended.exit_code == 1
    assert ended.last_line.startswith("error: unreachable: ")
    assert "Traceback" not in ended.stderr
    assert records.runs()[0].finish_reason == "unreachable"


def test_a_live_crawl_without_a_contact_asks_for_one_and_nothing_else(
    project: Project, records: Records
) -> None:
    ended = project.crawl()
    assert ended.exit_code == 1
    assert ended.last_line.startswith("error: no_contact: ")
    assert "CRAWLER_CONTACT" in ended.last_line
    assert records.runs()[0].statistics["requests_failed"] == {}


def test_what_was_saved_before_a_block_stays(project: Project, records: Records) -> None:
    ended, _ = crawl(project, Misbehaviour(block=BlockPage.THROTTLE, block_after=1))
    assert ended.exit_code == 1
    assert ended.last_line.startswith("error: blocked: ")
    assert len(records.products()) >= 3


def test_json_lines_name_the_steps_of_a_blocked_crawl(project: Project) -> None:
    with DemoShop(ShopConfig(products=3, misbehaviour=Misbehaviour(block=BlockPage.CAPTCHA))) as shop:
        ended = project.crawl(shop.base_url, environment={"VASTRA_LOG": "json"})
    entries = [json.loads(line) for line in ended.stderr.splitlines() if line.startswith("{")]
    told = [entry["action"] for entry in entries if "action" in entry]
    assert told.count("crawl_began") == 1
    assert list(dict.fromkeys(told)) == ["crawl_began", "crawl_blocked", "crawl_stopped", "crawl_ended"]


def test_block_pages_and_503_that_pass_are_waited_for(project: Project, records: Records) -> None:
    misbehaviour = Misbehaviour(block=BlockPage.CONTINUE_SHOPPING, block_limit=3, unavailable_every=6)
    ended, _ = crawl(project, misbehaviour)
    assert ended.exit_code == 0, ended.stderr
    assert ended.stderr.count("trying again in") >= 3
    assert len(records.products()) == 9


def test_a_crawl_delay_is_kept_with_base_url_too(project: Project, records: Records) -> None:
    ended, shop = crawl(project, Misbehaviour(crawl_delay_seconds=0.2), products=2)
    assert ended.exit_code == 0, ended.stderr
    assert "asks for 0.2 s between requests" in ended.stderr
    run = records.runs()[0]
    assert run.finished_at is not None
    assert run.started_at is not None
    # A lower bound: no machine is so fast that requests which follow each other take less than their pauses.
    pauses = shop.requests.total() - 2
    assert (run.finished_at - run.started_at).total_seconds() >= pauses * 0.2


@pytest.mark.parametrize("base_url", ["http://93.184.215.14", "http://93.184.215.14.", "http://shop.invalid"])
def test_the_address_decides_about_manners_and_not_the_argument(project: Project, base_url: str) -> None:
    ended = project.crawl(base_url)
    assert ended.exit_code == 1
    assert ended.last_line.startswith("error: no_contact: the crawl of a public shop needs a contact")


def test_a_contact_given_as_a_setting_is_told_to_the_shop(project: Project, httpserver: HTTPServer) -> None:
    agents = []

    def answer(request: Request) -> Response:
        agents.append(request.headers["User-Agent"])
        return Response("User-agent: *\nDisallow: /\n")

    httpserver.expect_request("/robots.txt").respond_with_handler(answer)
    project.crawl(httpserver.url_for("").rstrip("/"), settings={"CRAWLER_CONTACT": "me@example.org"})
    assert [agent.partition(" ")[2] for agent in agents] == ["(+me@example.org)"]


def test_wrong_arguments_end_with_exit_code_2(project: Project) -> None:
    ended = project.run("crawl", "amazon_clothing", "-a", "colour=red")
    assert ended.exit_code == 2
    assert ended.stderr.startswith("error: the arguments are categories, ")
    assert ended.stderr.count("\n") == 1


def test_records_that_cannot_be_opened_end_the_crawl_before_it_begins(project: Project) -> None:
    with DemoShop(ShopConfig(products=1)) as shop:
        ended = project.crawl(
            shop.base_url, environment={"DATABASE_URL": "sqlite:////proc/none/records.sqlite3"}
        )
    assert ended.exit_code == 1
    assert ended.last_line.startswith("error: database_error: ")
    assert "Traceback" not in ended.stderr
    assert not shop.requests


def test_an_image_store_that_fails_mid_way_fails_the_crawl_with_the_cause(
    project: Project, records: Records
) -> None:
    with DemoShop(ShopConfig(products=2, broken_pictures=False)) as shop:
        ended = project.crawl(shop.base_url, environment={"IMAGE_STORE": "file:///proc/none"})
    assert ended.exit_code == 1
    assert ended.last_line.startswith("error: database_error: cannot write to the image store")
    assert "Traceback" not in ended.stderr
    assert records.products() == {}
    assert records.runs()[0].finish_reason == "database_error"


def test_a_second_run_on_a_finished_job_says_that_it_is_finished(project: Project, tmp_path: Path) -> None:
    settings = {"JOBDIR": str(tmp_path / "job")}
    with DemoShop(ShopConfig(products=2)) as shop:
        assert project.crawl(shop.base_url, settings=settings, categories="saree").exit_code == 0
        again = project.crawl(shop.base_url, settings=settings, categories="saree")
    assert again.exit_code == 1
    assert "has nothing left to fetch; leave JOBDIR out" in again.last_line

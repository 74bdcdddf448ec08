from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route
from sqlalchemy import select
from starlette.testclient import TestClient

from db.crawls import CrawlArguments, FinishReason, Tally
from db.models import CrawlRun, RunStatus, utc_now
from db.session import Database
from tests.web.looking import hindrances_in_every_look

HOSTILE = '<img src=x onerror="alert(1)">'


def keep_run(database: Database, **values: Any) -> int:
    now = utc_now()
    tally = values.pop("tally", Tally(products_new=10, images_stored=8, images_refused={"too_small": 2}))
    columns: dict[str, Any] = {
        "marketplace": "amazon.in",
        "arguments": CrawlArguments(categories=("saree",), search="silk saree").record(),
        "status": RunStatus.FINISHED,
        "attempts": 1,
        "started_at": now - timedelta(seconds=90),
        "finished_at": now,
        "finish_reason": FinishReason.FINISHED,
        "statistics": tally.record(),
    }
    with database.write() as session:
        run = CrawlRun(**columns | values)
        session.add(run)
        session.flush()
        return run.id


def planned(database: Database) -> list[CrawlArguments]:
    with database.read() as session:
        runs = session.scalars(select(CrawlRun).order_by(CrawlRun.id)).all()
        return [CrawlArguments.read(run.arguments) for run in runs if run.status is RunStatus.PLANNED]


def test_a_list_without_runs_teaches_what_a_crawl_is(client: TestClient) -> None:
    assert "Nothing was crawled yet" in client.get("/crawls").text


def test_runs_stand_with_their_arguments_and_their_end_in_words(
    client: TestClient, database: Database
) -> None:
    keep_run(database, finish_reason=FinishReason.BLOCKED)
    text = client.get("/crawls").text
    assert "silk saree" in text
    assert "the shop showed block pages" in text
    assert "1 min 30 s" in text


def test_pages_of_the_list_lead_to_and_fro(client: TestClient, database: Database) -> None:
    ids = [keep_run(database) for _ in range(5)][::-1]
    first = client.get("/crawls.json?limit=2").json()
    second = client.get(f"/crawls.json?limit=2&before={first[-1]['id']}").json()
    back = client.get(f"/crawls.json?limit=2&after={second[0]['id']}").json()
    assert [row["id"] for row in first + second] == ids[:4]
    assert back == first
    assert f"/crawls?after={ids[2]}" in client.get(f"/crawls?limit=2&before={ids[1]}").text
    assert client.get("/crawls.csv?limit=2").text.splitlines()[1].startswith(f"{ids[0]},amazon.in,finished,")


@pytest.mark.parametrize("query", ["before=x", "limit=x", "status=happy", "before=99999999999999"])
def test_an_address_that_says_what_cannot_be_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/crawls?{query}").status_code == 400


def test_a_run_whose_heart_has_stopped_is_silent(client: TestClient, database: Database) -> None:
    long_ago = utc_now() - timedelta(minutes=5)
    running = {"status": RunStatus.RUNNING, "finish_reason": None, "finished_at": None}
    run = keep_run(database, heartbeat_at=long_ago, **running)
    alive = keep_run(database, heartbeat_at=utc_now(), **running)
    found = {row["id"]: row["status"] for row in client.get("/crawls.json").json()}
    assert found == {run: "silent", alive: "running"}
    assert "nothing was heard of it" in client.get(f"/crawls/{run}").text


def test_a_run_is_shown_beside_the_one_before(client: TestClient, database: Database) -> None:
    before = Tally(products_new=10, fields_found={"title": 10, "brand": 9}, images_refused={"corrupt": 1})
    first = keep_run(database, tally=before)
    keep_run(database, marketplace="amazon.de")
    keep_run(database, tally=Tally(), finish_reason=FinishReason.UNREACHABLE)
    now = Tally(products_new=4, products_updated=4, fields_found={"title": 8, "brand": 2})
    run = keep_run(database, tally=now)
    told = client.get(f"/crawls/{run}.json").json()
    assert told["compared_with"] == first
    assert told["coverage"] == [
        {"field": "title", "share": 1.0, "before": 1.0},
        {"field": "brand", "share": 0.25, "before": 0.9},
    ]
    assert told["arguments"]["search"] == "silk saree"
    assert f"/crawls/{first}" in client.get(f"/crawls/{run}").text


def test_a_run_that_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.get("/crawls/404").status_code == 404
    assert client.get("/crawls/99999999999999999999.json").status_code == 404


def test_what_a_shop_or_a_person_said_is_text(client: TestClient, database: Database) -> None:
    arguments = CrawlArguments(categories=("saree",), search=HOSTILE, base_url="javascript:alert(1)").record()
    run = keep_run(database, arguments=arguments, finish_reason=HOSTILE)
    for path in ("/crawls", f"/crawls/{run}"):
        text = client.get(path).text
        assert "<img src=x" not in text
        assert 'href="javascript:' not in text


def test_the_form_shows_slices_and_their_time_and_plans_nothing(
    client: TestClient, database: Database
) -> None:
    text = client.get(
        "/crawls/new?category=saree&category=jeans&pages=3&bands=500,1000&marketplace=amazon.in"
    ).text
    told = client.get("/crawls/new.json?category=saree&category=jeans&pages=3&bands=500,1000").json()
    assert len(told["slices"]) == 6
    assert told["least_seconds"]["pages"] == 6 * 3 * 2
    assert "6 slices, 36 s at the least" in text
    assert planned(database) == []


def test_the_form_says_what_is_missing(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRAWLER_CONTACT", raising=False)
    text = client.get("/crawls/new").text
    assert "No contact is known here" in text
    assert "No worker is running" in text
    monkeypatch.setenv("CRAWLER_CONTACT", "me@example.com")
    assert "No contact is known here" not in client.get("/crawls/new").text


def test_planning_writes_rows_and_a_second_press_plans_nothing_twice(
    client: TestClient, database: Database
) -> None:
    form = {"category": ["saree"], "pages": "2", "bands": "500", "marketplace": "amazon.in", "details": "1"}
    for _ in range(2):
        answer = client.post("/crawls/new", data=form)
        assert answer.status_code == 200
        assert answer.url.path == "/crawls"
    slices = planned(database)
    assert [(each.min_price, each.max_price) for each in slices] == [(None, 500), (500, None)]
    assert {(each.categories, each.pages, each.details) for each in slices} == {(("saree",), 2, True)}


def test_a_planned_crawl_can_be_cancelled_and_one_under_way_cannot(
    client: TestClient, database: Database
) -> None:
    ended = {"attempts": 0, "started_at": None, "finished_at": None, "finish_reason": None}
    waiting = keep_run(database, status=RunStatus.PLANNED, **ended)
    running = keep_run(
        database, status=RunStatus.RUNNING, heartbeat_at=utc_now(), finished_at=None, finish_reason=None
    )
    assert "/cancel" in client.get(f"/crawls/{waiting}").text
    assert "was cancelled before it began" in client.post(f"/crawls/{waiting}/cancel").text
    assert "/cancel" not in client.post(f"/crawls/{running}/cancel").text
    with database.read() as session:
        assert session.get_one(CrawlRun, running).status is RunStatus.RUNNING
        assert session.get_one(CrawlRun, waiting).finish_reason == FinishReason.CANCELLED


def test_a_search_of_ones_own_takes_the_place_of_the_categorys(
    client: TestClient, database: Database
) -> None:
    client.post(
        "/crawls/new", data={"category": "jeans", "search": "black jeans", "marketplace": "amazon.in"}
    )
    (only,) = planned(database)
    assert (only.search, only.categories, only.pages) == ("black jeans", ("jeans",), 7)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "no category is ticked"),
        ({"category": ["saree", "jeans"], "search": "x"}, "exactly one category"),
        ({"category": ["saree"], "bands": "9,1"}, "ascending prices"),
        ({"category": ["saree"], "pages": "0"}, "whole number"),
        ({"category": ["nothing"]}, "categories must be of"),
        ({"category": ["saree"], "marketplace": "shop.evil"}, "must be one of"),
        ({"category": ["saree"], "base_url": "javascript:alert(1)"}, "must look like"),
    ],
)
def test_what_cannot_be_crawled_is_said_and_planned_never(
    client: TestClient, database: Database, wrong: dict[str, Any], words: str
) -> None:
    answer = client.post("/crawls/new", data=wrong)
    assert answer.status_code == 400
    assert words in answer.text
    assert planned(database) == []


def test_nothing_hinders_a_person(tab: Page, database: Database) -> None:
    keep_run(
        database, tally=Tally(products_new=5, fields_found={"title": 5}), finish_reason=FinishReason.BLOCKED
    )
    tally = Tally(
        products_new=9, pages={"search": 2}, fields_found={"title": 7}, images_refused={"corrupt": 3}
    )
    run = keep_run(database, tally=tally)
    for path in ("/crawls", f"/crawls/{run}", "/crawls/new", "/crawls?status=planned"):
        tab.goto(path)
        assert hindrances_in_every_look(tab) == []


def test_the_form_follows_what_is_ticked(tab: Page, database: Database) -> None:
    tab.goto("/crawls/new")
    tab.get_by_label("Cut at prices").fill("500,1000")
    tab.get_by_label("Cut at prices").blur()
    tab.get_by_role("button", name="Plan 9 slices").wait_for()
    tab.get_by_label("Sarees").uncheck()
    tab.get_by_role("button", name="Plan 6 slices").click()
    tab.wait_for_url("**/crawls")
    assert len(planned(database)) == 6


def test_the_form_works_without_scripts(
    chromium: Browser, window: Any, page_address: str, database: Database
) -> None:
    context = chromium.new_context(
        base_url=page_address, java_script_enabled=False, storage_state=window.storage_state()
    )
    page = context.new_page()
    page.goto("/crawls/new")
    page.get_by_label("Men's jeans").uncheck()
    page.get_by_role("button", name="Show what that makes").click()
    page.get_by_role("button", name="Plan 2 slices").click()
    assert len(planned(database)) == 2
    context.close()


def test_what_changes_while_a_part_is_asked_for_is_shown_too(tab: Page, database: Database) -> None:
    running = {"status": RunStatus.RUNNING, "finish_reason": None, "finished_at": None}
    run = keep_run(database, heartbeat_at=utc_now(), tally=Tally(products_new=3), **running)
    held: list[tuple[Route, APIResponse]] = []

    def hold_first(route: Route) -> None:
        if held or route.request.resource_type != "fetch":
            route.continue_()
        else:
            held.append((route, route.fetch()))

    tab.route(f"**/crawls/{run}", hold_first)
    with tab.expect_request(lambda request: request.resource_type == "fetch"):
        tab.goto(f"/crawls/{run}")
    tab.evaluate("""() => new Promise(opened => {
        const source = new EventSource("/events");
        source.onopen = () => opened();
        window.told = new Promise(told => { source.onmessage = () => told(); });
    })""")
    with database.write() as session:
        session.get_one(CrawlRun, run).statistics = Tally(products_new=1234).record()
    tab.evaluate("window.told")
    [(route, answer)] = held
    route.fulfill(response=answer)
    tab.get_by_text("1\N{THIN SPACE}234").wait_for(timeout=10_000)


def test_a_run_that_goes_on_is_shown_as_it_goes(tab: Page, database: Database) -> None:
    running = {"status": RunStatus.RUNNING, "finish_reason": None, "finished_at": None}
    run = keep_run(database, heartbeat_at=utc_now(), tally=Tally(products_new=3), **running)
    tab.goto(f"/crawls/{run}")
    with database.write() as session:
        row = session.get_one(CrawlRun, run)
        row.statistics, row.status = Tally(products_new=1234).record(), RunStatus.FINISHED
        row.finish_reason, row.finished_at = FinishReason.FINISHED, utc_now()
    tab.get_by_text("1\N{THIN SPACE}234").wait_for(timeout=10_000)
    tab.get_by_text("came to its end").wait_for()

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright
from starlette.testclient import TestClient

from crawler.rendering.browser import find_browser
from db.image_store import ImageStore
from db.session import Database
from tests.conftest import missing
from tests.web.looking import Complaints
from web.application import make_app
from web.page_server import PageServer, listen
from web.picture_cache import PictureCache
from web.resources import Resources
from web.safety.door import Door

TOKEN: Final = "a-token-for-tests"
HOSTS: Final = frozenset({"127.0.0.1", "testserver"})

expect.set_options(timeout=20_000)  # a busy machine takes its time


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Browse on SQLite alone: what screens answer is tested on both databases, and a browser tells no difference."""
    if {"chromium", "database_url"} <= set(metafunc.fixturenames):
        mark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
        metafunc.definition.add_marker(mark)


@pytest.fixture
def shared(database: Database, tmp_path: Path) -> Resources:
    """What the screens share, over the test's own records."""
    door = Door(TOKEN, b"secret", once=False, port=80)
    return Resources(database, ImageStore("db:"), PictureCache(tmp_path / "small-pictures"), door)


@pytest.fixture
def stranger(shared: Resources) -> Iterator[TestClient]:
    """A client without token or cookie."""
    with TestClient(make_app(shared, HOSTS), follow_redirects=False) as client:
        yield client


@pytest.fixture
def client(stranger: TestClient) -> TestClient:
    """A client that has come in."""
    stranger.get(f"/?token={TOKEN}")
    stranger.follow_redirects = True
    return stranger


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser."""
    command = find_browser()
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=command)
        except Error as error:
            missing(f"no Chromium could be started here: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def page_address(shared: Resources) -> Iterator[str]:
    """The page, really served, at its address without a slash at the end."""
    answers = Event()
    with listen("127.0.0.1", 0) as listener:
        app = make_app(shared, HOSTS)
        server = PageServer(app, answers.set, app.state.pulse.end)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        assert answers.wait(30)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)


@pytest.fixture
def window(chromium: Browser, page_address: str) -> Iterator[BrowserContext]:
    """A window of the browser that has come in; addresses in it may begin with a slash."""
    context = chromium.new_context(base_url=page_address)
    entrance = context.new_page()
    entrance.goto(f"/?token={TOKEN}")
    entrance.close()
    yield context
    context.close()


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def tab(window: BrowserContext, complaints: Complaints) -> Iterator[Page]:
    """A tab in which nothing may be complained of."""
    page = window.new_page()
    complaints.listen_to(page)
    yield page
    assert complaints.said == []

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Error, async_playwright
from pytest_httpserver import HTTPServer
from scrapy.settings import Settings

import crawler.rendering.browser
import crawler.settings
from crawler.errors import NoBrowserError
from crawler.rendering.browser import NO_NETWORK, find_browser, rendering_settings
from tests.conftest import missing


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of commands, empty at first; Playwright has no browser of its own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    return folder


def install(folder: Path, name: str) -> Path:
    command = folder / name
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    return command


@pytest.mark.parametrize("name", ["chromium", "google-chrome"])
def test_the_systems_browser_is_found(commands: Path, name: str) -> None:
    command = install(commands, name)
    assert find_browser() == str(command)


@pytest.mark.usefixtures("commands")
def test_playwrights_own_browser_is_left_to_playwright(tmp_path: Path) -> None:
    (tmp_path / "playwright" / "chromium_headless_shell-1200").mkdir(parents=True)
    assert find_browser() is None


@pytest.mark.usefixtures("commands")
def test_without_any_browser_the_message_says_what_to_install() -> None:
    with pytest.raises(NoBrowserError, match="chromium-browser") as caught:
        find_browser()
    assert "apt-get install chromium" in str(caught.value)
    assert "playwright install chromium" in str(caught.value)


def test_without_the_extra_the_message_names_it(commands: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(commands, "chromium")
    monkeypatch.setattr(crawler.rendering.browser, "find_spec", lambda _: None)
    with pytest.raises(NoBrowserError, match=r"extra `browser`.*requirements/browser\.lock"):
        find_browser()


@pytest.mark.parametrize("sandbox", [True, False])
def test_the_browser_has_no_network_and_its_sandbox_where_that_works(commands: Path, sandbox: bool) -> None:
    command = install(commands, "chromium")
    settings = Settings()
    settings.setmodule(crawler.settings)
    settings.set("RENDER_SANDBOX", sandbox)
    given = rendering_settings(settings, "https")
    options = given["PLAYWRIGHT_LAUNCH_OPTIONS"]
    assert options["executable_path"] == str(command)
    assert options["chromium_sandbox"] is sandbox
    assert "--no-sandbox" not in options["args"]
    assert set(NO_NETWORK) <= set(options["args"])
    handlers = given["DOWNLOAD_HANDLERS"]
    assert {scheme for scheme, handler in handlers.items() if handler} == {"https"}
    assert handlers["file"] is handlers["data"] is handlers["ftp"] is None
    assert given["DOWNLOADER_MIDDLEWARES"].items() >= settings.getdict("DOWNLOADER_MIDDLEWARES").items()


async def errors_of(addresses: list[str], executable: str | None) -> list[str]:
    """Open each address with nothing between the page and the network but NO_NETWORK."""
    errors = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=list(NO_NETWORK))
        page = await browser.new_page()
        for address in addresses:
            try:
                await page.goto(address)
            except Error as error:
                errors.append(error.message)
    return errors


@pytest.mark.slow
def test_a_browser_without_network_reaches_no_address_by_any_spelling(httpserver: HTTPServer) -> None:
    try:
        executable = find_browser()
    except NoBrowserError as error:
        missing(str(error))
    hosts = ("localhost", "127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "shop.example")
    errors = asyncio.run(errors_of([f"http://{host}:{httpserver.port}/" for host in hosts], executable))
    assert len(errors) == len(hosts)
    assert all("ERR_PROXY_CONNECTION_FAILED" in error for error in errors), errors
    assert httpserver.log == []

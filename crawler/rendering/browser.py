"""Which browser renders pages, and the settings that give it to a crawl; nothing here imports Playwright.

The browser has no network of its own: what a page asks for is fetched by Scrapy (crawler.rendering.page), with
its robots.txt, delays, resolver and limits. The arguments below close every other way out, those that no
route sees among them: redirects inside the browser, WebSockets, WebRTC, preconnections, its own services.
"""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from scrapy.settings import BaseSettings

from crawler.errors import NoBrowserError

SLOT: Final = "(browser)"
"""Scrapy's slot for pages at work in the browser; no host is called so."""

NO_NETWORK: Final = (
    # A proxy whose name resolves to nothing, for loopback addresses too: every connection fails unsent.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://browser.invalid:1",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)
_COMMANDS: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_MIDDLEWARE: Final = "crawler.middlewares.rendering.Rendering"
_HANDLER: Final = "crawler.rendering.handler.RenderingHandler"


def find_browser() -> str | None:
    """Give the system's Chromium, or None to let Playwright take its own.

    Raises:
        NoBrowserError: Playwright is not installed, or there is neither.
    """
    if find_spec("scrapy_playwright") is None:
        raise NoBrowserError("render=true needs the extra `browser`, which is not installed")
    command = next(filter(None, map(shutil.which, _COMMANDS)), None)
    if command is None and not any(_playwrights_folder().glob("chromium*")):
        raise NoBrowserError(f"none of {', '.join(_COMMANDS)} is installed, nor Playwright's own browser")
    return command


def rendering_settings(settings: BaseSettings, scheme: str) -> dict[str, Any]:
    """Give the settings of a crawl whose pages a browser renders.

    Args:
        settings: RENDER_PAGES and RENDER_SANDBOX are read; component lists are completed, not replaced.
        scheme: http or https, of the shop's address; a browser for both would be two.

    Raises:
        NoBrowserError: there is no browser.
    """
    return {
        "DOWNLOAD_HANDLERS": settings.getdict("DOWNLOAD_HANDLERS") | {scheme: _HANDLER},
        # Above HttpCompression (590), so that it reads text, and below Refusals (570), which judges what
        # the browser has rendered.
        "DOWNLOADER_MIDDLEWARES": settings.getdict("DOWNLOADER_MIDDLEWARES") | {_MIDDLEWARE: 580},
        "DOWNLOAD_SLOTS": settings.getdict("DOWNLOAD_SLOTS")
        | {SLOT: {"concurrency": settings.getint("RENDER_PAGES"), "delay": 0.0}},
        "PLAYWRIGHT_BROWSER_PROVIDER": "crawler.rendering.provider.BrowserProvider",
        "PLAYWRIGHT_LAUNCH_OPTIONS": {
            "executable_path": find_browser(),
            "chromium_sandbox": settings.getbool("RENDER_SANDBOX"),
            "args": list(NO_NETWORK),
            # Ctrl-C reaches every process of the terminal; Scrapy closes the browser when its pages are done.
            "handle_sigint": False,
            "handle_sigterm": False,
            "handle_sighup": False,
        },
        "PLAYWRIGHT_ABORT_REQUEST": "crawler.rendering.page.refuse",
    }


def _playwrights_folder() -> Path:
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    caches = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path(named) if named else Path.home() / caches / "ms-playwright"

"""Starts the browser for scrapy-playwright and says in one line why it does not start."""

from playwright.async_api import Browser, Error
from scrapy_playwright.provider import PlaywrightBrowserProvider

from crawler.errors import NoBrowserError


class BrowserProvider(PlaywrightBrowserProvider):  # type: ignore[misc]  # it ships no types
    """Playwright's browser, whose failure to start has a name."""

    async def launch_browser(self) -> Browser:
        """Start the browser.

        Raises:
            NoBrowserError: it does not start.
        """
        try:
            browser: Browser = await super().launch_browser()
        except Error as error:
            raise NoBrowserError(f"the browser does not start ({_cause(error.message)})") from error
        return browser


def _cause(message: str) -> str:
    """Choose the telling line among all that Playwright and the browser print."""
    if "sandbox" in message.lower().partition("<launching>")[0] or "No usable sandbox" in message:
        return "this system gives it no sandbox; VASTRA_RENDER_SANDBOX=off goes without, in a container of its own"
    lines = [line.strip(" -") for line in message.splitlines() if line.strip(" -")]
    return next((line for line in lines if "[err]" in line), "; ".join(lines[:1]))

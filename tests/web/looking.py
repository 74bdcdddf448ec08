"""Looking at a screen as a person and as a browser's own checks do."""

import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import ConsoleMessage, Page

AXE: Final = Path(__file__).parent / "axe" / "axe.min.js"
"""axe-core 4.14.1 (MPL-2.0): finds what keeps people from using a page."""

RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

WIDTHS: Final = (1280, 360)
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


@dataclass
class Complaints:
    """What a browser says against a page: errors on its console, and violations of the page's own policy."""

    said: list[str] = field(default_factory=list)

    def listen_to(self, page: Page) -> None:
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.said.append(f"{message.type}: {message.text}")


def hindrances(page: Page) -> list[str]:
    """What axe finds against a screen as it is now, a line each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "async options => (await axe.run(document, options)).violations",
        {"runOnly": {"type": "tag", "values": list(RULES)}, "resultTypes": ["violations"]},
    )
    return [
        f"{violation['id']}: {violation['help']}: {json.dumps([node['target'] for node in violation['nodes']][:3])}"
        for violation in found
    ]


def hindrances_in_every_look(page: Page) -> list[str]:
    """What hinders a person, in light and dark, on a desk and on a phone: a line each.

    A look is what axe finds and whether the screen is wider than its window; it is loaded once for all of them.
    """
    found = list[str]()
    for width, scheme in itertools.product(WIDTHS, SCHEMES):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        lines = hindrances(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            lines.append("the screen is wider than its window")
        found += [f"{page.url} at {width}, {scheme}: {line}" for line in lines]
    return found

"""Screens as HTML: templates with everything escaped, and words for numbers, shares and moments."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from web.page_keys import defaults
from web.product_addresses import product_address

THIN_SPACE: Final = "\N{THIN SPACE}"

SCREENS: Final = (
    ("Products", "/products", "p"),
    ("Review", "/review", "r"),
    ("Crawls", "/crawls", "c"),
    ("Training", "/training", "t"),
    ("Versions", "/versions", "v"),
)
"""The screens that every screen leads to: name, address, and the key after `g`."""


def screen(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Answer with a screen.

    Args:
        request: tells the template which address is shown.
        template: a file of web/templates.
        status: of HTTP.
        values: what the template names; one that is missing is an error.
    """
    page = (
        environment()
        .get_template(template)
        .render(request=request, path=request.url.path, records=request.app.state.resources.records, **values)
    )
    return HTMLResponse(page, status)


@cache
def environment() -> Environment:
    """Make the templates' environment, once a process; the report's charts are in it."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("web"), PackageLoader("worker.evaluating")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=number, percent=percent, moment=moment, shop_address=shop_address, address=address,
        duration=duration,
    )  # fmt: skip
    environment.globals.update(
        static=static_address, screens=SCREENS, product_address=product_address, page_keys=defaults()
    )
    return environment


def number(value: float | None) -> str:
    """Write a count with thin spaces between thousands."""
    return "\N{EN DASH}" if value is None else f"{value:,}".replace(",", THIN_SPACE)


def percent(share: float | None) -> str:
    """Write a share, 0 to 1, as a whole percentage; never 100 where something is missing."""
    if share is None:
        return "\N{EN DASH}"
    return "100%" if share == 1 else f"{min(int(share * 100 + 0.5), 99)}%"


def duration(seconds: float | None) -> str:
    """Write how long something takes, in the two largest units."""
    if seconds is None:
        return "\N{EN DASH}"
    if seconds < 10:  # noqa: PLR2004 - tenths are told while they matter
        return f"{seconds:.1f} s"
    days, rest = divmod(round(seconds), 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (left, "s"))
    told = [f"{value} {unit}" for value, unit in units if value]
    return " ".join(told[:2])


def moment(when: datetime | None) -> Markup:
    """Write a moment so that the page's script shows it in the reader's zone; UTC where there is no script."""
    if when is None:
        return Markup("\N{EN DASH}")
    exact = when.astimezone(UTC)
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        exact.isoformat(timespec="seconds"), f"{exact:%Y-%m-%d %H:%M:%S}", f"{exact:%Y-%m-%d %H:%M}"
    )


def shop_address(url: str | None) -> str | None:
    """Give an address of the web; None for any other, such as one that would run a script."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None


def address(path: str, values: Mapping[str, Any], **others: Any) -> str:
    """Give the address of a screen in a state; what is None, False or empty is left out of it."""
    pairs = {name: value for name, value in {**values, **others}.items() if value not in (None, False, "")}
    words = {name: "1" if value is True else str(value) for name, value in pairs.items()}
    return f"{path}?{urlencode(words)}" if words else path


@cache
def static_address(name: str) -> str:
    """Give the address of a static file, which changes with its content, so that browsers may keep it for ever."""
    return f"/static/{name}?v={content_tag(name)}"


@cache
def content_tag(name: str) -> str:
    """Give a short name of a file's content."""
    return hashlib.sha256(still_content(name)).hexdigest()[:12]


@cache
def still_content(name: str) -> bytes:
    """Give a file of web/static, or the colours, which the page and the report share.

    Raises:
        KeyError: there is no such file.
    """
    folders = (files("web") / "static", files("worker.evaluating") / "templates" / "shared")
    found = {file.name: file for folder in folders for file in folder.iterdir() if file.is_file()}
    return found[name].read_bytes()

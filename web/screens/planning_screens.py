"""The form that plans a crawl: it shows the slices that it makes and the time they take, and writes them as rows."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from db.categories import Category, load_categories
from db.crawls import DEFAULT_MARKETPLACE, DEFAULT_PAGES, CrawlArguments
from db.models import CrawlRun
from db.session import Database
from web.resources import resources
from web.screens.cancelling import cancelled
from web.templating import screen
from web.twins import as_json
from worker.crawling.crawl_plan import POLITE_SECONDS, CrawlTime, plan_crawl, polite_time
from worker.crawling.slicing import cut_crawl, price_bands, read_bands
from worker.errors import BandsError
from worker.fleet.consumers import is_nobody_there

# The crawler, and with it Scrapy, takes a second to load, and only this form asks what it would take.
# ruff: noqa: PLC0415

SHOWN: Final = 200
"""Slices that are listed; a crawl may have more."""

_FIELDS: Final = ("search", "bands", "pages", "max_products", "details", "render", "marketplace", "base_url")


@dataclass(frozen=True)
class PlannedCrawl:
    """What a filled form asks for.

    Attributes:
        categories: names of those that are ticked.
        values: the other fields as they were typed.
        slices: what it makes; empty where something is wrong.
        wrong: what is wrong, in a sentence; None where nothing is.
    """

    categories: tuple[str, ...]
    values: Mapping[str, str]
    slices: tuple[CrawlArguments, ...]
    wrong: str | None

    @property
    def time(self) -> CrawlTime:
        """How long it takes at the least."""
        return polite_time(self.slices)

    @property
    def is_live(self) -> bool:
        """Whether the shop itself is crawled, which needs a contact."""
        return not self.values["base_url"]

    @property
    def queue(self) -> str:
        """Of the workers that take the slices up."""
        return self.slices[0].queue if self.slices else CrawlArguments().queue


def new_crawl(request: Request) -> Response:
    """Show the form, and what it makes as it is filled in."""
    given = request.query_params
    return _form(request, read_form(given or _DEFAULTS), is_asked=bool(given))


def new_crawl_as_json(request: Request) -> Response:
    """Answer with the slices that an address asks for, for programs; nothing is planned."""
    planned = read_form(request.query_params or _DEFAULTS)
    return as_json(
        {
            "wrong": planned.wrong,
            "least_seconds": planned.time,
            "contact": _has_contact(),
            "slices": [each.record() for each in planned.slices],
        },
        200 if planned.wrong is None else 400,
    )


async def plan(request: Request) -> Response:
    """Write the slices down as `python -m worker crawl` does; the schedule sends them to the workers."""
    async with request.form(max_files=0, max_fields=100) as form:
        planned = await run_in_threadpool(read_form, form)
    if planned.wrong is not None:
        return await run_in_threadpool(_form, request, planned, is_asked=True, status=400)
    ids = await run_in_threadpool(_plan, resources(request).database, planned)
    return RedirectResponse(f"/crawls/{ids[0]}" if len(ids) == 1 else "/crawls", 303)


def _plan(database: Database, planned: PlannedCrawl) -> list[int]:
    with database.write() as session:
        return plan_crawl(session, planned.slices)


async def cancel(request: Request) -> Response:
    """Take a planned crawl back; one that a worker has taken up meanwhile goes on."""
    return await cancelled(request, CrawlRun, "/crawls")


def read_form(given: FormData | QueryParams) -> PlannedCrawl:
    """Read the form's fields, and check them as the crawler will."""
    from crawler.arguments import parse_arguments
    from crawler.errors import ArgumentsError

    known = load_categories()
    chosen = tuple(name for name in map(str, given.getlist("category")) if name)
    values = {name: str(given.get(name) or "").strip() for name in _FIELDS}
    texts = {name: value for name, value in values.items() if name != "bands"}
    texts |= {name: "true" for name in ("details", "render") if values[name]}
    if not chosen:
        return PlannedCrawl(chosen, values, (), "no category is ticked: tick one or more")
    try:
        whole = parse_arguments(texts | {"categories": ",".join(chosen)}, known)
        bands = read_bands(values["bands"]) if values["bands"] else price_bands(())
    except (ArgumentsError, BandsError) as error:
        return PlannedCrawl(chosen, values, (), str(error))
    slices = cut_crawl(replace(whole, search=None), _searched(known, whole), bands)
    return PlannedCrawl(chosen, values, tuple(slices), None)


def _searched(known: tuple[Category, ...], whole: CrawlArguments) -> list[Category]:
    """Give the chosen categories; with a search of one's own, the only one is searched for by that."""
    chosen = [category for category in known if category.name in whole.categories]
    return [replace(each, search=(whole.search,)) for each in chosen] if whole.search else chosen


def _form(request: Request, planned: PlannedCrawl, *, is_asked: bool, status: int = 200) -> Response:
    from crawler.pages.marketplaces import marketplace_names

    return screen(
        request, "new_crawl.html", status, planned=planned, is_asked=is_asked, categories=load_categories(),
        marketplaces=marketplace_names(), shown=SHOWN, polite=POLITE_SECONDS, contact=_has_contact(),
        alone=is_nobody_there(resources(request).database, planned.queue),
    )  # fmt: skip


def _has_contact() -> bool:
    """Say whether a contact is known here; the crawl workers' own environment has the last word."""
    return bool(os.environ.get("CRAWLER_CONTACT", "").strip())


class _Defaults(QueryParams):
    """What the form holds before anybody has filled it in: every category, and nothing out of the ordinary."""

    def getlist(self, key: Any) -> list[str]:
        """Tick all categories."""
        return (
            [category.name for category in load_categories()] if key == "category" else super().getlist(key)
        )


_DEFAULTS: Final = _Defaults({"pages": str(DEFAULT_PAGES), "marketplace": DEFAULT_MARKETPLACE})

ROUTES: Final = (
    Route("/crawls/new.json", new_crawl_as_json),
    Route("/crawls/new", new_crawl, methods=["GET"]),
    Route("/crawls/new", plan, methods=["POST"]),
    Route("/crawls/{id:int}/cancel", cancel, methods=["POST"]),
)

"""Crawl runs: all of them, and one with its arguments, its end, and what it brought beside the run before."""

from dataclasses import dataclass
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.crawls import Tally
from db.database_clock import tell_time
from db.messages import CRAWL_QUEUE
from db.models import CrawlRun, RunStatus
from db.queries.crawl_list import CrawlRow, crawl_row, list_crawls, run_before
from db.queries.newest_first import RowsOfStretch
from web.reason_words import REASONS
from web.resources import resources
from web.screens.crawl_words import GOOD, finish_words
from web.screens.stretches import read_stretch_of
from web.templating import screen
from web.twins import as_json, rows_as, twins
from worker.fleet.consumers import is_nobody_there


@dataclass(frozen=True)
class Coverage:
    """Of how many products the shop said a field: shares, 0 to 1, of this run and of the one before."""

    field: str
    share: float | None
    before: float | None


@dataclass(frozen=True)
class CrawlStory:
    """All that is known of a crawl run.

    Attributes:
        arguments: all of them, with the defaults.
        before: the run with which it is compared; None: there is none.
        coverage: by field; empty where none was counted.
    """

    row: CrawlRow
    arguments: dict[str, Any]
    tally: Tally
    before: CrawlRow | None
    before_tally: Tally | None
    coverage: tuple[Coverage, ...]


def crawls(request: Request) -> Response:
    """Show the crawl runs, newest first."""
    listed, status = _listed(request)
    database = resources(request).database
    waits = any(row.status == RunStatus.PLANNED for row in listed.rows)
    return screen(
        request, "crawls.html", listed=listed, wanted=status, statuses=list(RunStatus), finish_words=finish_words,
        good=GOOD, alone=waits and is_nobody_there(database, CRAWL_QUEUE),
    )  # fmt: skip


def crawl_rows(request: Request) -> Response:
    """Answer with the rows of the list, for programs; the last one's id goes on as `before`."""
    return rows_as(request, _listed(request)[0].rows, CrawlRow)


def crawl(request: Request) -> Response:
    """Show one crawl run."""
    story = _story(request)
    waits = story.row.status == RunStatus.PLANNED
    return screen(
        request, "crawl.html", story=story, reasons=REASONS, finish_words=finish_words, good=GOOD,
        alone=waits and is_nobody_there(resources(request).database, CRAWL_QUEUE),
    )  # fmt: skip


def crawl_as_json(request: Request) -> Response:
    """Answer with all that is known of a crawl run, for programs."""
    story = _story(request)
    return as_json(
        {
            "run": story.row,
            "arguments": story.arguments,
            "statistics": story.tally,
            "compared_with": story.before.id if story.before else None,
            "coverage": story.coverage,
        }
    )


def _listed(request: Request) -> tuple[RowsOfStretch[CrawlRow], RunStatus | None]:
    word = request.query_params.get("status")
    try:
        status = RunStatus(word) if word else None
    except ValueError as error:
        raise HTTPException(400, f"a status is one of {', '.join(RunStatus)}, got {word!r}") from error
    with resources(request).database.read() as session:
        return list_crawls(session, read_stretch_of(request), status), status


def _story(request: Request) -> CrawlStory:
    number = request.path_params["id"]
    with resources(request).database.read() as session:
        run = session.get(CrawlRun, number) if number < 2**31 else None
        if run is None:
            raise HTTPException(404, f"there is no such crawl run, got {number}")
        before, now = run_before(session, run), tell_time(session)
    tally = Tally.read(run.statistics)
    earlier = Tally.read(before.statistics) if before else None
    return CrawlStory(
        crawl_row(run, now), dict(run.arguments), tally, crawl_row(before, now) if before else None, earlier,
        cover(tally, earlier),
    )  # fmt: skip


def cover(tally: Tally, before: Tally | None) -> tuple[Coverage, ...]:
    """Say of which share of the products each field was found, in this run and in the one before."""
    names = sorted({*tally.fields_found, *(before.fields_found if before else ())}, key=_place)
    return tuple(
        Coverage(name, _share(tally, name), _share(before, name) if before else None) for name in names
    )


def _share(tally: Tally, name: str) -> float | None:
    if not tally.products or not tally.fields_found:
        return None
    return min(1.0, tally.fields_found.get(name, 0) / tally.products)


_ORDER: Final = (
    "title",
    "brand",
    "price",
    "list_price",
    "currency",
    "rating",
    "review_count",
    "availability",
)


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


ROUTES: Final = (
    Route("/crawls", crawls),
    *twins("/crawls", crawl_rows),
    Route("/crawls/{id:int}.json", crawl_as_json),
    Route("/crawls/{id:int}", crawl),
)

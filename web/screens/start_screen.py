"""The start: how much there is, what is worth doing next, and what is at work right now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.categories import load_categories
from db.database_clock import tell_time
from db.models import CrawlRun, TrainingRun
from db.queries.newest_runs import newest_runs
from db.queries.relabelled import unfinished_relabelling
from db.queries.review_news import review_news
from db.queries.review_order import Why
from db.queries.statistics import Statistics, gather_statistics
from db.queries.to_review import Order, ToReview, products_to_review
from db.queries.waiting_runs import has_unfinished_training_run
from db.states.run_states import status_word
from db.states.version_states import RelabelProgress
from web.fleet_view import FleetView, see_fleet
from web.next_step import NextStep, Situation, next_step
from web.resources import resources
from web.templating import screen
from web.twins import as_json
from worker.learning.taught import Taught, what_was_taught
from worker.settings import worker_settings

_SHOWN: Final = 5
"""Runs of each kind."""

_WAITING: Final = 6
"""Products that are shown as those to review."""


@dataclass(frozen=True)
class Start:
    """What the screen shows; `waiting`: the products that the next verdicts are worth most on; `now`: the time."""

    statistics: Statistics
    step: NextStep
    waiting: list[ToReview]
    fleet: FleetView
    crawl_runs: list[CrawlRun]
    training_runs: list[TrainingRun]
    relabelling: RelabelProgress | None
    taught: Taught | None
    now: datetime


def start(request: Request) -> Response:
    """Show the start, or its live part alone where a script asks for that."""
    template = "start_live.html" if request.query_params.get("part") == "live" else "start.html"
    return screen(request, template, start=_look(request), status_word=status_word)


def start_figures(request: Request) -> Response:
    """Answer with the figures, for programs."""
    found = _look(request)
    return as_json(
        {
            "statistics": found.statistics,
            "next": found.step,
            "workers": found.fleet.workers,
            "queues": found.fleet.queues,
            "problem": found.fleet.problem,
            "relabelling": found.relabelling,
            "taught": found.taught,
        }
    )


def _look(request: Request) -> Start:
    database = resources(request).database
    fleet = see_fleet(database)
    with database.read() as session:
        statistics = gather_statistics(session, load_categories())
        return Start(
            statistics=statistics,
            step=next_step(_situation(session, statistics, fleet)),
            waiting=products_to_review(session, limit=_WAITING),
            fleet=fleet,
            crawl_runs=newest_runs(session, CrawlRun, _SHOWN),
            training_runs=newest_runs(session, TrainingRun, _SHOWN),
            relabelling=unfinished_relabelling(session),
            taught=what_was_taught(session),
            now=tell_time(session),
        )


def _situation(session: Session, statistics: Statistics, fleet: FleetView) -> Situation:
    source, verdicts_left = _new_source(session)
    news = review_news(session, [category.name for category in load_categories()])
    contradicted = products_to_review(session, Order.CONTRADICTED, limit=1)
    return Situation(
        products=statistics.products,
        active_version=statistics.active_model_version is not None,
        new_source=source,
        verdicts_left=verdicts_left,
        new_verdicts=news.new + news.withdrawn,
        learn_after=worker_settings().learn_after,
        is_busy=has_unfinished_training_run(session),
        pending=statistics.pending,
        has_worker=bool(fleet.workers),
        contradicted=bool(contradicted) and contradicted[0].why == Why.CONTRADICTED,
    )


def _new_source(session: Session) -> tuple[str | None, int]:
    """Find the source whose verdicts are worth most, and how many of them."""
    first = products_to_review(session, Order.NEW, limit=1)
    if not first or first[0].why != Why.NEW_SOURCE:
        return None, 0
    theirs = products_to_review(session, Order.NEW, first[0].marketplace)
    return first[0].marketplace, sum(each.why == Why.NEW_SOURCE for each in theirs)


ROUTES: Final = (Route("/", start), Route("/start.json", start_figures))

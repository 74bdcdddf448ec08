"""The page as an application: its screens, and what every request passes before."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio.to_thread
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError  # noqa: A004 - of a pool
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from db.errors import HeadError, RecordsError
from web.resources import Resources
from web.safety.guard import Guard, SafeHeaders
from web.screens import (
    comparison_screens,
    crawl_screens,
    entering,
    help_screens,
    history_screens,
    live_events,
    planning_screens,
    product_screens,
    review_screens,
    selection_screens,
    set_aside_screens,
    similar_screens,
    small_pictures,
    start_screen,
    still_files,
    training_plans,
    training_screens,
    version_screens,
)
from web.templating import screen

logger = logging.getLogger(__name__)

THREADS: Final = 15
"""Requests that are answered at the same time: as many as the records' pool has connections, so that none waits."""

_AWAY: Final = (OperationalError, InterfaceError, TimeoutError)
"""What SQLAlchemy raises where a database does not answer, or has no connection to spare."""

SCREENS: Final = (
    start_screen,
    selection_screens,
    comparison_screens,
    crawl_screens,
    entering,
    help_screens,
    history_screens,
    live_events,
    planning_screens,
    product_screens,
    review_screens,
    set_aside_screens,
    similar_screens,
    small_pictures,
    still_files,
    training_plans,
    training_screens,
    version_screens,
)
"""What answers addresses; of two that could, the earlier one does."""


def make_app(resources: Resources, hosts: frozenset[str]) -> Starlette:
    """Make the page.

    Args:
        resources: what the screens share.
        hosts: names without port by which the page may be asked for.
    """
    app = Starlette(
        routes=[route for each in SCREENS for route in each.ROUTES],
        middleware=[
            Middleware(SafeHeaders),
            Middleware(Guard, hosts=hosts, door=resources.door, ask=entering.ask),
        ],
        exception_handlers={HTTPException: _refuse, RecordsError: _explain} | dict.fromkeys(_AWAY, _miss),
        lifespan=_run,
    )
    app.state.resources = resources
    app.state.pulse = live_events.pulse_of(resources.database)
    return app


@asynccontextmanager
async def _run(app: Starlette) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield
    app.state.resources.alike.close()


def _refuse(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else str(error)
    answer = screen(request, "problem.html", status, code=status, detail=detail)
    answer.headers.update((isinstance(error, HTTPException) and error.headers) or {})
    return answer


def _explain(request: Request, error: Exception) -> Response:
    """Show what the records say of themselves, such as that they are of another version."""
    code = 500 if isinstance(error, HeadError) else 503
    return screen(request, "problem.html", code, code=code, detail=str(error))


def _miss(request: Request, error: Exception) -> Response:
    """Say that the database is away; what was sent meanwhile is not recorded, and may be sent again."""
    logger.warning("the database does not answer: %s", " ".join(str(error).split())[:300])
    detail = "The database does not answer: look whether it is up, and load this again. Nothing was recorded."
    return screen(request, "problem.html", 503, code=503, detail=detail)

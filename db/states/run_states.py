"""The states of an unfinished crawl run or training run, one of alive, waiting and dead; and what a slice is."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement

from db.database_clock import database_now
from db.models import CrawlRun, RunStatus, TrainingRun

Run = type[CrawlRun] | type[TrainingRun]

MAX_RUN_ATTEMPTS: Final[dict[Run, int]] = {CrawlRun: 3, TrainingRun: 5}
"""How often a run is taken up; one that ends every attempt with a dead worker is finished with that reason."""

FRESH: Final = timedelta(seconds=30)
"""A running run whose heart has not beaten for so long has died."""

AHEAD: Final = timedelta(minutes=5)
"""So much may a clock be put back, or another machine's be ahead; a later moment was written while it was wrong."""


def is_alive(run: Run) -> ColumnElement[bool]:
    """Select runs that some process is working on."""
    is_fresh = run.heartbeat_at.between(database_now(-FRESH), database_now(AHEAD))
    return (run.status == RunStatus.RUNNING) & is_fresh


def is_waiting(run: Run) -> ColumnElement[bool]:
    """Select runs that are planned, or whose worker died, and that have attempts left.

    A crawl begun by hand, which nobody takes up, counts no attempt.
    """
    died = (run.status == RunStatus.RUNNING) & (run.attempts > 0) & ~is_alive(run)
    return ((run.status == RunStatus.PLANNED) | died) & (run.attempts < MAX_RUN_ATTEMPTS[run])


def is_dead(run: Run) -> ColumnElement[bool]:
    """Select unfinished runs that nobody is at and nobody will take up: given up, or begun by hand and killed."""
    return (run.status != RunStatus.FINISHED) & ~is_alive(run) & ~is_waiting(run)


def is_slice() -> ColumnElement[bool]:
    """Select crawl runs that were planned, and not begun by hand."""
    return (CrawlRun.status == RunStatus.PLANNED) | (CrawlRun.attempts > 0)


def status_word(run: CrawlRun | TrainingRun, now: datetime) -> str:
    """Give the status of a run as people want to know it: `silent` where it should run, and its heart has stopped.

    Args:
        run: as the records have it.
        now: by the database's clock, as every heartbeat is.
    """
    is_silent = run.status is RunStatus.RUNNING and (
        run.heartbeat_at is None or not now - FRESH < run.heartbeat_at <= now + AHEAD
    )
    return "silent" if is_silent else str(run.status)


def run_seconds(run: CrawlRun | TrainingRun) -> float | None:
    """Give how long a run took, or has taken up to its last heartbeat; None before it began."""
    end = run.finished_at or run.heartbeat_at
    return (end - run.started_at).total_seconds() if end and run.started_at else None

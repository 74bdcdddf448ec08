"""Crawl runs and training runs: rows before they are messages, alive while their heart beats."""

from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.crawls import FinishReason
from db.database_clock import database_now
from db.models import CrawlRun, RunKind, RunStatus, TrainingRun
from db.states.run_states import MAX_RUN_ATTEMPTS, Run, is_dead, is_waiting

CANCELLED: Final = "cancelled before it began"
"""The error of a training run that somebody took back."""

_PLANNING: Final = 0x56415354
"""The advisory lock of whoever plans by itself; any number that no other program of the database uses."""


def begin_run(session: Session, run: Run, run_id: int) -> bool:
    """Take a run up unless it is finished or its heart beats elsewhere; say whether it is ours."""
    now = database_now()
    ours = session.execute(
        update(run)
        .where(run.id == run_id, is_waiting(run))
        .values(status=RunStatus.RUNNING, attempts=run.attempts + 1, started_at=now, heartbeat_at=now)
        .returning(run.id)
        .execution_options(synchronize_session=False)
    )
    return ours.one_or_none() is not None


def finish_dead_runs(session: Session, run: Run, **values: Any) -> list[int]:
    """Finish the runs that nobody will take up any more, with `values`; give their ids, oldest first."""
    dead = (
        update(run)
        .where(is_dead(run))
        .values(status=RunStatus.FINISHED, finished_at=database_now(), **values)
        .returning(run.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(session.scalars(dead))


def plan_alone(session: Session) -> None:
    """Wait until no other transaction plans runs by itself; hold until this one ends.

    Two schedules would else see the same gap, and both fill it. SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_PLANNING)))


def start_crawl_run(session: Session, marketplace: str, arguments: dict[str, Any]) -> int:
    """Open a crawl run and give its id."""
    now = database_now()
    run = CrawlRun(
        marketplace=marketplace,
        arguments=arguments,
        status=RunStatus.RUNNING,
        started_at=now,
        heartbeat_at=now,
    )
    session.add(run)
    session.flush()
    return run.id


def finish_crawl_run(session: Session, run_id: int, finish_reason: str, statistics: dict[str, Any]) -> None:
    """Close a crawl run with its finish reason and statistics."""
    run = session.get_one(CrawlRun, run_id)
    run.status, run.finished_at = RunStatus.FINISHED, database_now()
    run.finish_reason, run.statistics = finish_reason, statistics


def plan_training_run(
    session: Session, network: str, config: dict[str, Any], seed: int, kind: RunKind = RunKind.TRAINING
) -> int:
    """Write down a training run that a worker will be told of; give its id."""
    run = TrainingRun(kind=kind, network=network, config=config, seed=seed)
    session.add(run)
    session.flush()
    return run.id


def cancel_run(session: Session, run: Run, run_id: int) -> bool:
    """Finish a run that is planned, and that no worker has taken up yet; say whether it was."""
    words = {"finish_reason": FinishReason.CANCELLED} if run is CrawlRun else {"error": CANCELLED}
    cancelled = session.execute(
        update(run)
        .where(run.id == run_id, run.status == RunStatus.PLANNED)
        .values(status=RunStatus.FINISHED, finished_at=database_now(), **words)
        .returning(run.id)
        .execution_options(synchronize_session=False)
    )
    return cancelled.one_or_none() is not None


def finish_training_run(session: Session, run_id: int, error: str | None = None) -> None:
    """Close a training run; `error` says why it made no model version."""
    run = session.get_one(TrainingRun, run_id)
    run.status, run.finished_at, run.error = RunStatus.FINISHED, database_now(), error


def beat(session: Session, run: Run, run_id: int, **values: Any) -> None:
    """Show that a run is being worked on; `values` are columns to write with it, such as progress."""
    session.execute(update(run).where(run.id == run_id).values(heartbeat_at=database_now(), **values))


def give_up_training_runs(session: Session) -> list[int]:
    """Finish the runs whose every attempt ended with a dead worker, with that as their error; give them."""
    error = f"{MAX_RUN_ATTEMPTS[TrainingRun]} attempts ended with a dead worker; is there enough memory?"
    return finish_dead_runs(session, TrainingRun, error=error)

"""Runs for a glance: what is at work, then the newest."""

from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import CrawlRun, RunStatus, TrainingRun

AnyRun = TypeVar("AnyRun", CrawlRun, TrainingRun)


def newest_runs(session: Session, run: type[AnyRun], limit: int) -> list[AnyRun]:
    """Read the runs that are not finished, the newest first, then the newest of the others; at most `limit`."""
    found: list[AnyRun] = []
    for which in (run.status != RunStatus.FINISHED, run.status == RunStatus.FINISHED):
        runs = select(run).where(which).order_by(run.id.desc()).limit(limit - len(found))
        found.extend(session.scalars(runs))
    return found

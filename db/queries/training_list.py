"""Training and learning runs for people and programs, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.database_clock import tell_time
from db.models import ModelVersion, RunKind, RunStatus, Split, TrainingRun
from db.queries.newest_first import RowsOfStretch, Stretch, read_stretch
from db.states.run_states import run_seconds, status_word


@dataclass(frozen=True)
class TrainingRow:
    """One run.

    Attributes:
        kind: training or learning.
        status: planned, running, finished, or silent: it should be running, and its heart has stopped.
        stage: what it is at; likewise done and total, how far; None before it began.
        seconds: from its beginning to its end, or to its last heartbeat; None before it began.
        accuracy: of the version that it made, on the test split, 0 to 1.
        model_version: that it made; None: none.
        version_active: whether that one is the active one.
    """

    id: int
    kind: str
    network: str
    status: str
    stage: str | None
    done: int | None
    total: int | None
    attempts: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    accuracy: float | None
    model_version: int | None
    version_active: bool | None
    error: str | None


def list_training_runs(session: Session, stretch: Stretch) -> RowsOfStretch[TrainingRow]:
    """List the runs of both kinds, newest first."""
    statement = select(TrainingRun, ModelVersion.id, ModelVersion.active).outerjoin(
        ModelVersion, ModelVersion.training_run_id == TrainingRun.id
    )
    now = tell_time(session)
    return read_stretch(session, statement, TrainingRun.id, stretch, lambda row: (row[0].id, _row(now, *row)))


def last_seconds(session: Session, kind: RunKind) -> float | None:
    """Say how long the last run of a kind took that made a version; None before the first."""
    last = (
        select(TrainingRun)
        .where(
            TrainingRun.kind == kind, TrainingRun.status == RunStatus.FINISHED, TrainingRun.error.is_(None)
        )
        .order_by(TrainingRun.id.desc())
        .limit(1)
    )
    run = session.scalars(last).one_or_none()
    return None if run is None else run_seconds(run)


def _row(now: datetime, run: TrainingRun, version_id: int | None, active: bool | None) -> TrainingRow:
    progress: dict[str, Any] = run.progress
    return TrainingRow(
        id=run.id, kind=str(run.kind), network=run.network, status=status_word(run, now), stage=progress.get("stage"),
        done=progress.get("done"), total=progress.get("total"), attempts=run.attempts, created_at=run.created_at,
        started_at=run.started_at, finished_at=run.finished_at, seconds=run_seconds(run),
        accuracy=run.metrics.get(Split.TEST, {}).get("accuracy"), model_version=version_id,
        version_active=active, error=run.error,
    )  # fmt: skip

"""Which training and learning runs a worker is at, and how far it is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import TrainingRun
from db.states.run_states import is_alive


@dataclass(frozen=True)
class RunningTraining:
    """A run whose heart beats.

    Attributes:
        kind: training or learning.
        started_at: when the worker took it up.
        stage: what it is at, such as embedding; None before it told. Likewise done and total.
        done: of the stage: pictures, batches or steps; it is told every few seconds.
        epochs: those that are done, of a network that is trained by epochs; else None.
    """

    id: int
    kind: str
    started_at: datetime | None
    stage: str | None
    done: int | None
    total: int | None
    epochs: int | None


def running_trainings(session: Session) -> list[RunningTraining]:
    """List the runs that some worker is at, oldest first."""
    runs = session.scalars(select(TrainingRun).where(is_alive(TrainingRun)).order_by(TrainingRun.id))
    return [_read(run) for run in runs]


def _read(run: TrainingRun) -> RunningTraining:
    told = run.progress
    return RunningTraining(
        id=run.id,
        kind=str(run.kind),
        started_at=run.started_at,
        stage=told.get("stage"),
        done=told.get("done"),
        total=told.get("total"),
        epochs=told.get("metrics", {}).get("epoch"),
    )

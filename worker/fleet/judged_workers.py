"""Which workers consume: those that were heard of lately, and those at a run whose heart beats."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import CrawlRun, RunKind, TrainingRun
from db.states.run_states import is_alive
from worker.app import CRAWL_SLICE, LEARN_HEAD, TRAIN_MODEL
from worker.fleet.presence import Presence

SILENT_AFTER_SECONDS: Final = 90
"""Each worker consumes a task of its own every 30 s; three times that without one, and it consumes no more."""

_TASKS: Final = {RunKind.TRAINING: TRAIN_MODEL, RunKind.LEARNING: LEARN_HEAD}

Work = tuple[str | None, int | None]
"""A task and the run that it is about."""


@dataclass(frozen=True)
class WorkerStatus:
    """One worker: what it is at, for how long nothing was heard of it, and whether it still consumes."""

    name: str
    task: str | None
    seconds: float
    consuming: bool


def runs_alive(session: Session) -> frozenset[Work]:
    """Give the runs whose heart beats, each with the task of whoever is at it."""
    crawls = session.scalars(select(CrawlRun.id).where(is_alive(CrawlRun)))
    trainings = session.execute(select(TrainingRun.kind, TrainingRun.id).where(is_alive(TrainingRun)))
    return frozenset(
        {(CRAWL_SLICE, run) for run in crawls} | {(_TASKS[kind], run) for kind, run in trainings}
    )


def judge_workers(workers: Iterable[Presence], alive: frozenset[Work]) -> list[WorkerStatus]:
    """Say of each worker whether it consumes: it was heard of lately, or is at a run whose heart beats.

    A run beats for whoever took it up last: a worker that was killed at it, and said nothing since, is not there.
    """
    latest: dict[Work, float] = {}
    known = list(workers)
    for worker in known:
        latest[_work(worker)] = min(worker.seconds, latest.get(_work(worker), worker.seconds))

    def is_consuming(worker: Presence) -> bool:
        is_at_it = _work(worker) in alive and worker.seconds == latest[_work(worker)]
        return worker.seconds < SILENT_AFTER_SECONDS or is_at_it

    return [WorkerStatus(worker.name, worker.task, worker.seconds, is_consuming(worker)) for worker in known]


def _work(worker: Presence) -> Work:
    return worker.task, worker.run

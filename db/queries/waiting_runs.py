"""Which runs wait for a worker, and whether any is at work: what the schedule asks before it plans and sends."""

from collections import defaultdict

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from db.crawls import CrawlArguments
from db.models import CrawlRun, RunKind, RunStatus, TrainingRun
from db.states.run_states import is_alive, is_waiting


def waiting_training_runs(session: Session, kind: RunKind = RunKind.TRAINING) -> list[int]:
    """List runs that were planned or whose worker died, oldest first: their message has to be sent again."""
    of_kind = select(TrainingRun.id).where(TrainingRun.kind == kind, is_waiting(TrainingRun))
    return list(session.scalars(of_kind.order_by(TrainingRun.id)))


def unfinished_learning(session: Session) -> int | None:
    """Give the oldest learning run that waits for a worker or has one."""
    return unfinished_run(session, RunKind.LEARNING)


def unfinished_run(session: Session, kind: RunKind) -> int | None:
    """Give the oldest run of a kind that waits for a worker or has one."""
    unfinished = is_waiting(TrainingRun) | is_alive(TrainingRun)
    of_kind = select(TrainingRun.id).where(TrainingRun.kind == kind, unfinished)
    return session.scalar(of_kind.order_by(TrainingRun.id).limit(1))


def has_unfinished_training_run(session: Session) -> bool:
    """Say whether something is to be trained or learnt that is not finished."""
    return bool(session.scalar(select(exists().where(TrainingRun.status != RunStatus.FINISHED))))


def waiting_slices(session: Session) -> dict[str, list[int]]:
    """List slices that nobody is at, oldest first, by the queue to which their message is to be sent."""
    rows = session.execute(
        select(CrawlRun.id, CrawlRun.arguments).where(is_waiting(CrawlRun)).order_by(CrawlRun.id)
    )
    by_queue = defaultdict(list)
    for run_id, arguments in rows:
        by_queue[CrawlArguments.read(arguments).queue].append(run_id)
    return dict(by_queue)


def is_crawling(session: Session) -> bool:
    """Say whether some spider is at work."""
    return bool(session.scalar(select(exists().where(is_alive(CrawlRun)))))

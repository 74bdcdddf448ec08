"""Which runs wait for a worker, and whether any is at work: what the schedule asks before it plans and sends."""

from collections import defaultdict

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from db.crawls import CrawlArguments
from db.models import CrawlRun, TrainingRun
from db.states.run_states import is_alive, is_waiting


def waiting_training_runs(session: Session) -> list[int]:
    """List runs that were planned or whose worker died, oldest first: their message has to be sent again."""
    return list(
        session.scalars(select(TrainingRun.id).where(is_waiting(TrainingRun)).order_by(TrainingRun.id))
    )


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


def has_training_run(session: Session) -> bool:
    """Say whether anything was ever trained, or is planned to be."""
    return session.scalar(select(func.count(TrainingRun.id))) != 0

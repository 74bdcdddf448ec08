"""Which runs wait for a worker, and whether any is at work: what the schedule asks before it plans and sends."""

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from db.models import CrawlRun, TrainingRun
from db.states.run_states import is_alive, is_waiting


def waiting_training_runs(session: Session) -> list[int]:
    """List runs that were planned or whose worker died, oldest first: their message has to be sent again."""
    return list(
        session.scalars(select(TrainingRun.id).where(is_waiting(TrainingRun)).order_by(TrainingRun.id))
    )


def waiting_slices(session: Session, *, rendered: bool = False) -> list[int]:
    """List slices that nobody is at, oldest first: their message has to be sent, or sent again.

    Args:
        session: of a read.
        rendered: those whose pages a browser has to draw, instead of the others.
    """
    waiting = select(CrawlRun.id, CrawlRun.arguments).where(is_waiting(CrawlRun)).order_by(CrawlRun.id)
    rows = session.execute(waiting)
    return [row.id for row in rows if bool(row.arguments.get("render")) == rendered]


def is_crawling(session: Session) -> bool:
    """Say whether some spider is at work."""
    return bool(session.scalar(select(exists().where(is_alive(CrawlRun)))))


def has_training_run(session: Session) -> bool:
    """Say whether anything was ever trained, or is planned to be."""
    return session.scalar(select(func.count(TrainingRun.id))) != 0

"""Crawl slices: crawl runs that are planned first, and that workers take up one by one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from db.crawls import CrawlArguments, FinishReason
from db.database_clock import tell_time
from db.models import CrawlRun, RunStatus
from db.repository.runs import finish_dead_runs
from db.states.run_states import AHEAD, is_slice


def plan_slices(session: Session, slices: Sequence[CrawlArguments]) -> list[int]:
    """Write slices down; give the ids of their crawl runs, in order.

    A slice that still waits, or is being crawled, is not planned a second time. All slices of a plan have one
    `created_at`, by which the schedule knows the latest plan.
    """
    now = tell_time(session)
    unfinished = session.scalars(select(CrawlRun).where(is_slice(), CrawlRun.status != RunStatus.FINISHED))
    known = {CrawlArguments.read(run.arguments): run for run in unfinished}
    runs = []
    for arguments in slices:
        planned = CrawlRun(marketplace=arguments.marketplace, arguments=arguments.record())
        run = known.setdefault(arguments, planned)
        run.created_at = now
        runs.append(run)
    session.add_all(runs)
    session.flush()
    return list(dict.fromkeys(run.id for run in runs))


def repeat_slices(session: Session, after: timedelta) -> list[int]:
    """Plan the slices of the latest plan once more when it is so old; give their ids, none before.

    A plan that was made in the future, while a clock was wrong, counts as made now.
    """
    now = tell_time(session)
    _set_right(session, now)
    latest = session.scalar(select(func.max(CrawlRun.created_at)).where(is_slice()))
    if latest is None or latest > now - after:
        return []
    recorded = session.scalars(
        select(CrawlRun.arguments).where(is_slice(), CrawlRun.created_at == latest).order_by(CrawlRun.id)
    )
    return plan_slices(session, list(map(CrawlArguments.read, recorded)))


def _set_right(session: Session, now: datetime) -> None:
    """Have plans of the future be of now, the latest of them the last: else nothing came until then."""
    latest = session.scalar(select(func.max(CrawlRun.created_at)).where(is_slice()))
    if latest is not None and latest > now + AHEAD:
        session.execute(
            update(CrawlRun)
            .where(is_slice(), CrawlRun.created_at > now + AHEAD)
            .values(created_at=case((CrawlRun.created_at == latest, now), else_=now - AHEAD))
            .execution_options(synchronize_session=False)
        )


def give_back_slice(session: Session, run_id: int, *, untried: bool) -> bool:
    """Have an unfinished slice planned again; say whether it was unfinished.

    Args:
        session: of a write.
        run_id: of the slice's crawl run.
        untried: the attempt does not count, as when the worker is told to stop.
    """
    attempts = CrawlRun.attempts - 1 if untried else CrawlRun.attempts
    given_back = session.execute(
        update(CrawlRun)
        .where(CrawlRun.id == run_id, CrawlRun.status == RunStatus.RUNNING, CrawlRun.attempts > 0)
        .values(status=RunStatus.PLANNED, attempts=attempts)
        .returning(CrawlRun.id)
        .execution_options(synchronize_session=False)
    )
    return given_back.one_or_none() is not None


def close_dead_crawl_runs(session: Session) -> list[int]:
    """Finish crawls begun by hand that were killed, and slices that always were; give their ids."""
    return finish_dead_runs(session, CrawlRun, finish_reason=FinishReason.CRAWLER_DIED)

"""How far the slices of a crawl are: which wait, and what the others have found."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.crawls import CrawlArguments, Tally
from db.models import CrawlRun
from db.repository.runs import is_waiting


def waiting_slices(session: Session) -> dict[str, list[int]]:
    """List slices that nobody is at, oldest first, by the queue to which their message is to be sent."""
    rows = session.execute(
        select(CrawlRun.id, CrawlRun.arguments).where(is_waiting(CrawlRun)).order_by(CrawlRun.id)
    )
    by_queue = defaultdict(list)
    for run_id, arguments in rows:
        by_queue[CrawlArguments.read(arguments).queue].append(run_id)
    return dict(by_queue)


def crawl_runs(session: Session, run_ids: Sequence[int]) -> list[CrawlRun]:
    """List crawl runs by their ids, in the order of planning."""
    return list(session.scalars(select(CrawlRun).where(CrawlRun.id.in_(run_ids)).order_by(CrawlRun.id)))


def products_of(run: CrawlRun) -> int:
    """Count the products that a crawl run has saved so far; one that two slices found counts in both."""
    return Tally.read(run.statistics).products

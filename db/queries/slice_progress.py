"""How far the slices of a crawl are."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.crawls import Tally
from db.models import CrawlRun


def crawl_runs(session: Session, run_ids: Sequence[int]) -> list[CrawlRun]:
    """List crawl runs by their ids, in the order of planning."""
    return list(session.scalars(select(CrawlRun).where(CrawlRun.id.in_(run_ids)).order_by(CrawlRun.id)))


def products_of(run: CrawlRun) -> int:
    """Count the products that a crawl run has saved so far; one that two slices found counts in both."""
    return Tally.read(run.statistics).products

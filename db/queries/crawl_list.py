"""Crawl runs for people and programs, newest first: what each was asked to do, how it ended, what it brought."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.crawls import CrawlArguments, Tally
from db.database_clock import tell_time
from db.models import CrawlRun, RunStatus
from db.queries.newest_first import RowsOfStretch, Stretch, read_stretch
from db.states.run_states import run_seconds, status_word

_LOOKED_AT: Final = 50
"""Earlier runs, in search of one that saved something."""


@dataclass(frozen=True)
class CrawlRow:
    """One crawl run.

    Attributes:
        status: planned, running, finished, or silent: it should be running, and its heart has stopped.
        arguments: those that differ from their defaults, by name.
        seconds: from its beginning to its end, or to its last heartbeat; None before it began.
        images_refused: addresses that gave no picture, for whatever reason.
    """

    id: int
    marketplace: str
    status: str
    arguments: dict[str, Any]
    finish_reason: str | None
    attempts: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    products_new: int
    products_updated: int
    images_stored: int
    images_known: int
    images_refused: int


def list_crawls(
    session: Session, stretch: Stretch, status: RunStatus | None = None
) -> RowsOfStretch[CrawlRow]:
    """List crawl runs, newest first; of one status, or of all."""
    statement, now = select(CrawlRun), tell_time(session)
    if status is not None:
        statement = statement.where(CrawlRun.status == status)
    return read_stretch(
        session, statement, CrawlRun.id, stretch, lambda row: (row[0].id, crawl_row(row[0], now))
    )


def run_before(session: Session, run: CrawlRun) -> CrawlRun | None:
    """Give the latest finished run before one, of the same marketplace, that saved something; None without one."""
    earlier = (
        select(CrawlRun)
        .where(
            CrawlRun.id < run.id,
            CrawlRun.marketplace == run.marketplace,
            CrawlRun.status == RunStatus.FINISHED,
        )
        .order_by(CrawlRun.id.desc())
        .limit(_LOOKED_AT)
    )
    return next((one for one in session.scalars(earlier) if Tally.read(one.statistics).products), None)


def crawl_row(run: CrawlRun, now: datetime) -> CrawlRow:
    """Tell a crawl run as a row; `now` is the database's time."""
    tally = Tally.read(run.statistics)
    return CrawlRow(
        id=run.id, marketplace=run.marketplace, status=status_word(run, now), arguments=given_arguments(run),
        finish_reason=run.finish_reason, attempts=run.attempts, created_at=run.created_at,
        started_at=run.started_at, finished_at=run.finished_at,
        seconds=run_seconds(run),
        products_new=tally.products_new, products_updated=tally.products_updated,
        images_stored=tally.images_stored, images_known=tally.images_known,
        images_refused=sum(tally.images_refused.values()),
    )  # fmt: skip


def given_arguments(run: CrawlRun) -> dict[str, Any]:
    """Give the arguments of a run that differ from their defaults; the marketplace has a column of its own."""
    of_default = asdict(CrawlArguments())
    given = CrawlArguments.read(run.arguments).record()
    return {
        name: value
        for name, value in given.items()
        if value != of_default[name] and name != "marketplace" and value != []
    }

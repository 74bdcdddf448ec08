"""What the records hold, counted: the figures of `python -m db stats`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.categories import Category
from db.models import DISAGREES, CrawlRun, Image, Product, ProductImage, Review, RunStatus, TrainingRun
from db.queries.pending import count_pending
from db.repository.labels import active_version


@dataclass(frozen=True)
class LastRun:
    """The latest crawl run or training run.

    Attributes:
        outcome: a crawl run's finish reason; a training run's error, None where it made a model version.
    """

    id: int
    status: RunStatus
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str | None


@dataclass(frozen=True)
class Statistics:
    """Counts of the records; each category of categories.toml is there, also with 0.

    Attributes:
        listed: products by listed category; labelled: by label.
        uncertain: products whose label is uncertain; unclassified: those without any verdict.
        disagreements: products whose label, or review, is another than the listed category.
        images: stored pictures; pending: those that the active version has still to predict.
        set_aside: stored pictures that cannot be classified, by reason.
        rejected: addresses of pictures that were not stored, by reason.
    """

    products: int
    listed: dict[str, int]
    labelled: dict[str, int]
    uncertain: int
    unclassified: int
    reviewed: int
    disagreements: int
    images: int
    pending: int
    set_aside: dict[str, int]
    rejected: dict[str, int]
    active_model_version: int | None
    crawl_runs: int
    last_crawl_run: LastRun | None
    training_runs: int
    last_training_run: LastRun | None


def gather_statistics(session: Session, categories: tuple[Category, ...]) -> Statistics:
    """Count everything in one session."""
    names = [category.name for category in categories]
    version = active_version(session)
    count = select(func.count())
    products = count.select_from(Product)
    return Statistics(
        products=_number(session, products),
        listed=_by_word(session, Product.listed_category, names),
        labelled=_by_word(session, Product.category, names),
        uncertain=_number(session, products.where(Product.uncertain.is_(True))),
        unclassified=_number(session, products.where(Product.uncertain.is_(None))),
        reviewed=_number(session, products.where(exists().where(Review.product_id == Product.id))),
        disagreements=_number(session, products.where(literal_column(DISAGREES))),
        images=_number(session, count.select_from(Image)),
        pending=count_pending(session),
        set_aside=_by_word(session, Image.reason),
        rejected=_by_word(session, ProductImage.reason),
        active_model_version=version.id if version else None,
        crawl_runs=_number(session, count.select_from(CrawlRun)),
        last_crawl_run=_last_run(session, CrawlRun, CrawlRun.finish_reason),
        training_runs=_number(session, count.select_from(TrainingRun)),
        last_training_run=_last_run(session, TrainingRun, TrainingRun.error),
    )


def _number(session: Session, statement: Select[int]) -> int:
    return session.execute(statement).scalar_one()


def _by_word(
    session: Session, column: InstrumentedAttribute[Any], always: list[str] | None = None
) -> dict[str, int]:
    """Count rows by the values of a column; the words of `always` come first, the others follow by name."""
    rows = session.execute(
        select(column, func.count()).where(column.is_not(None)).group_by(column).order_by(column)
    )
    return dict.fromkeys(always or [], 0) | {str(word): number for word, number in rows}


def _last_run(
    session: Session, run: type[CrawlRun] | type[TrainingRun], outcome: InstrumentedAttribute[str | None]
) -> LastRun | None:
    row = session.execute(
        select(run.id, run.status, run.started_at, run.finished_at, outcome).order_by(run.id.desc()).limit(1)
    ).one_or_none()
    return None if row is None else LastRun(*row)

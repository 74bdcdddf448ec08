"""What reviews and categories have to teach that the last run has not learnt: whether learning is worth it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.categories import OTHER
from db.models import Review, RunKind, RunStatus, TrainingRun
from db.states.label_evidence import latest_reviews, stands
from db.states.version_states import active_version


@dataclass(frozen=True)
class ReviewNews:
    """What came after the last run that took reviews in.

    Attributes:
        new: verdicts that count, on one of the categories or `other`, and that it did not take in.
        withdrawn: verdicts that it took in and that were taken back since.
        other_categories: whether neither the active version nor that run told these categories apart, in any order.
    """

    new: int
    withdrawn: int
    other_categories: bool

    def __bool__(self) -> bool:
        return bool(self.new or self.withdrawn or self.other_categories)


def counting_reviews(session: Session, categories: Iterable[str]) -> list[int]:
    """List the ids of the reviews that count, and that say one of the categories' names or `other`.

    A run keeps them as metrics["reviews"] when it reads the records.
    """
    known = Review.category.in_([*categories, OTHER])
    return sorted(session.scalars(select(Review.id).where(Review.id.in_(latest_reviews()), known)))


def count_verdicts(session: Session) -> dict[str, int]:
    """Count the products under a standing verdict, by its category."""
    counted = select(Review.category, func.count(Review.id)).where(Review.id.in_(latest_reviews()))
    return dict(session.execute(counted.group_by(Review.category)).all())


def review_news(session: Session, categories: Iterable[str], *, also_failed: bool = False) -> ReviewNews:
    """Say what there is to learn since the last run; one that kept no ids, of an earlier release, took none in.

    Args:
        session: of a read or a write.
        categories: the names of those that can be learnt.
        also_failed: whether a learning run that failed counts: who learns without being asked tries once.
    """
    names = set(categories)
    metrics, config = _last_run(session, also_failed=also_failed)
    taken_in = set(metrics.get("reviews", ()))
    withdrawn = taken_in & set(session.scalars(select(Review.id).where(~stands())))
    version = active_version(session)
    known = [set(config.get("categories", ())), set(version.categories if version is not None else names)]
    return ReviewNews(
        new=len(set(counting_reviews(session, names)) - taken_in),
        withdrawn=len(withdrawn),
        other_categories=names not in known,
    )


def _last_run(session: Session, *, also_failed: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give metrics and config of the last finished run that took reviews in."""
    without_error = TrainingRun.error.is_(None)
    # A learning run writes what it reads before anything can fail.
    counts = without_error | (TrainingRun.kind == RunKind.LEARNING) if also_failed else without_error
    last = (
        select(TrainingRun.metrics, TrainingRun.config)
        .where(TrainingRun.status == RunStatus.FINISHED, counts)
        .order_by(TrainingRun.id.desc())
        .limit(1)
    )
    row = session.execute(last).one_or_none()
    return ({}, {}) if row is None else (row.metrics, row.config)

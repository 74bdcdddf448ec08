"""What reviews and categories have to teach that the last run has not learnt: whether learning is worth it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.categories import Category
from db.models import Review, RunStatus, TrainingRun
from db.states.label_evidence import latest_reviews, stands
from db.states.version_states import active_version


@dataclass(frozen=True)
class ReviewNews:
    """What came after the last finished training or learning run without an error.

    Attributes:
        new: verdicts that count and that it did not take in.
        withdrawn: verdicts that it took in and that were taken back since.
        other_categories: whether the active version tells other categories apart than those of now, in any order.
    """

    new: int
    withdrawn: int
    other_categories: bool

    def __bool__(self) -> bool:
        return bool(self.new or self.withdrawn or self.other_categories)


def counting_reviews(session: Session) -> list[int]:
    """List the ids of the reviews that count; a run keeps them as metrics["reviews"] when it reads the records."""
    return sorted(session.scalars(latest_reviews()))


def review_news(session: Session, categories: tuple[Category, ...]) -> ReviewNews:
    """Say what there is to learn since the last run; one that kept no ids, of an earlier release, took none in."""
    taken_in = set(_last_metrics(session).get("reviews", ()))
    withdrawn = taken_in & set(session.scalars(select(Review.id).where(~stands())))
    version = active_version(session)
    names = {category.name for category in categories}
    return ReviewNews(
        new=len(set(counting_reviews(session)) - taken_in),
        withdrawn=len(withdrawn),
        other_categories=version is not None and set(version.categories) != names,
    )


def _last_metrics(session: Session) -> dict[str, Any]:
    last = (
        select(TrainingRun.metrics)
        .where(TrainingRun.status == RunStatus.FINISHED, TrainingRun.error.is_(None))
        .order_by(TrainingRun.id.desc())
        .limit(1)
    )
    return session.scalar(last) or {}

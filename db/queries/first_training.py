"""What the first training waits for: nothing is labelled before, and nobody would know why."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from db.categories import Category
from db.database_clock import database_now
from db.models import ModelVersion, RunKind, RunStatus, TrainingRun
from db.queries.labelled_images import products_with_pictures
from db.states.run_states import AHEAD

TRIED_AGAIN_AFTER: Final = timedelta(hours=1)
"""A training that failed by itself would fail again right away; an hour later more may have been crawled."""


@dataclass(frozen=True)
class FirstTraining:
    """How far it is to the first training that a worker begins by itself.

    Attributes:
        counts: products with a category and a picture, by category; none where `enough` is 0.
        enough: so many are needed of each; 0: workers never begin by themselves.
        failure: why the last one failed; None where none did.
        waits: it failed within the hour, so that another one would fail as well.
    """

    counts: dict[str, int]
    enough: int
    failure: str | None
    waits: bool

    @property
    def is_due(self) -> bool:
        """Say whether a worker is to begin now."""
        return self.enough > 0 and not self.waits and min(self.counts.values()) >= self.enough

    def sentence(self) -> str:
        """Say what it waits for."""
        few = [
            f"{name} {count} of {self.enough}" for name, count in self.counts.items() if count < self.enough
        ]
        if self.enough == 0:
            return "No worker trains by itself (VASTRA_TRAIN_AFTER=0): python -m worker train"
        if few:
            return (
                f"Waiting for the first training: {', '.join(few)} products with a picture. Crawl or import more, "
                "take the category out of categories.toml, or begin by hand: python -m worker train"
            )
        if self.failure is not None:
            return f"The first training failed ({self.failure}); a worker tries it again an hour later."
        return "The first training begins as soon as a worker runs: python -m worker run"


def first_training(session: Session, categories: tuple[Category, ...], enough: int) -> FirstTraining | None:
    """Say what the first training waits for; None once there is a model version, or a run that is to make one."""
    unfinished = exists().where(
        TrainingRun.status != RunStatus.FINISHED, TrainingRun.kind == RunKind.TRAINING
    )
    if session.scalar(select(exists().select_from(ModelVersion))) or session.scalar(select(unfinished)):
        return None
    # What ended in the future was told by a wrong clock, and is not waited for.
    within_the_hour = database_now(-TRIED_AGAIN_AFTER), database_now(AHEAD)
    last = session.execute(
        select(TrainingRun.error, TrainingRun.finished_at.between(*within_the_hour))
        .order_by(TrainingRun.id.desc())
        .limit(1)
    ).one_or_none()
    error, waits = last or (None, False)
    counts = products_with_pictures(session, categories) if enough else {}  # which reads all that is labelled
    return FirstTraining(counts, enough, error, bool(waits))

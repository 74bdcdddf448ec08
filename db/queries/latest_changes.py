"""What changed in the records, by topic, for a few index look-ups: so that pages know when to look again."""

from typing import Any, Final

from sqlalchemy import Executable, Select, func, select
from sqlalchemy.orm import Session

from db.models import (
    CrawlRun,
    Embedding,
    Image,
    ModelVersion,
    Prediction,
    Product,
    Review,
    RunStatus,
    TrainingRun,
)

_UNFINISHED_SHOWN: Final = 20
"""Runs that are looked at; with more at work, one of the others tells no news of its own."""


def latest_changes(session: Session) -> dict[str, str]:
    """Give a word for each topic, which is another as soon as something is new.

    The topics: `records` (products, pictures, what was classified, verdicts), `crawls`, `training`, `versions`. A
    heartbeat alone is no news, and neither is an update of a product that is known.
    """
    newest = (Product.id, Image.id, Embedding.image_id, Prediction.id, Review.id, Review.withdrawn_at)
    return {
        "records": _words(session, select(*(select(func.max(each)).scalar_subquery() for each in newest))),
        "crawls": _words(session, _runs(CrawlRun, CrawlRun.statistics, CrawlRun.finish_reason)),
        "training": _words(session, _runs(TrainingRun, TrainingRun.progress, TrainingRun.error)),
        "versions": _words(session, select(ModelVersion.id, ModelVersion.active, ModelVersion.relabelled_up_to)
                           .order_by(ModelVersion.id.desc())),
    }  # fmt: skip


def _runs(run: type[CrawlRun] | type[TrainingRun], *telling: Any) -> Select[Any]:
    """Select the newest run, whatever it does, and those that are not finished."""
    newest = select(func.max(run.id)).scalar_subquery()
    return (
        select(run.id, run.status, *telling)
        .where((run.status != RunStatus.FINISHED) | (run.id == newest))
        .order_by(run.id.desc())
        .limit(_UNFINISHED_SHOWN)
    )


def _words(session: Session, statement: Executable) -> str:
    return repr(session.execute(statement).all())

"""One product and what became of it: found, labelled, reviewed, taken back, labelled anew."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import LabelChange, Review
from db.queries.whole_product import WholeProduct

_ANOTHER_VISIT: Final = timedelta(minutes=1)


class EventKind(StrEnum):
    """What happened; of events of one moment the earlier word comes first."""

    FOUND = "found"
    REVIEWED = "reviewed"
    WITHDRAWN = "withdrawn"
    LABELLED = "labelled"
    UNSURE = "unsure"
    SEEN_AGAIN = "seen again"


@dataclass(frozen=True)
class HistoryEvent:
    """Something that happened to a product; what a kind has nothing to say of is None.

    Attributes:
        when: the moment.
        kind: what happened.
        category: of a label or a verdict, `other` too.
        confidence: of a label by the network, 0 to 1.
        model_version: the number of the version that gave the label; it may be gone.
        reviewer: who gave the verdict.
        why: why that person was asked about the product.
        crawl_run: the number of the run that saw the product last.
        stands: of a verdict whether it was not taken back; of a label whether it is the product's now.
    """

    when: datetime
    kind: EventKind
    category: str | None = None
    confidence: float | None = None
    model_version: int | None = None
    reviewer: str | None = None
    why: str | None = None
    crawl_run: int | None = None
    stands: bool | None = None


def product_history(session: Session, product: WholeProduct) -> list[HistoryEvent]:
    """Tell what became of a product, the first first.

    What a label was is kept where it became another: of versions that agree the last one is told.
    """
    reviews = session.scalars(select(Review).where(Review.product_id == product.id)).all()
    was = session.execute(
        select(
            LabelChange.category, LabelChange.confidence, LabelChange.uncertain,
            LabelChange.label_version_id, LabelChange.classified_at,
        ).where(LabelChange.product_id == product.id)
    )  # fmt: skip
    events = [*_finds(product), *_verdicts(reviews), *_labels(was), *_label_now(product)]
    order = list(EventKind)
    return sorted(events, key=lambda event: (event.when, order.index(event.kind)))


def _finds(product: WholeProduct) -> Iterator[HistoryEvent]:
    yield HistoryEvent(product.first_seen_at, EventKind.FOUND)
    if product.last_seen_at - product.first_seen_at >= _ANOTHER_VISIT:
        yield HistoryEvent(product.last_seen_at, EventKind.SEEN_AGAIN, crawl_run=product.crawl_run_id)


def _verdicts(reviews: Iterable[Review]) -> Iterator[HistoryEvent]:
    for review in reviews:
        said: dict[str, Any] = {"category": review.category, "reviewer": review.reviewer, "why": review.why}
        stands = review.withdrawn_at is None
        yield HistoryEvent(review.created_at, EventKind.REVIEWED, stands=stands, **said)
        if review.withdrawn_at is not None:
            yield HistoryEvent(review.withdrawn_at, EventKind.WITHDRAWN, **said)


def _labels(was: Iterable[Any]) -> Iterator[HistoryEvent]:
    """Tell of the network's labels that are no more; a review's is told as a verdict."""
    for category, confidence, uncertain, version, when in was:
        if confidence is not None and when is not None:
            kind = EventKind.UNSURE if uncertain else EventKind.LABELLED
            yield HistoryEvent(when, kind, category, confidence, version, stands=False)


def _label_now(product: WholeProduct) -> Iterator[HistoryEvent]:
    if product.confidence is not None and product.classified_at is not None:
        kind = EventKind.UNSURE if product.uncertain else EventKind.LABELLED
        yield HistoryEvent(
            product.classified_at, kind, product.likeliest, product.confidence, product.model_version,
            stands=True,
        )  # fmt: skip

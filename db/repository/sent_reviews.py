"""Verdicts as a page sends them: each by itself, again and again until it is answered, and in any order.

A verdict is known by its batch and its place in it. One that was taken back is sent as such, whole: it is recorded
and withdrawn, and stays so, whatever comes later of what was sent before. So every message may be lost, doubled or
overtaken.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from db.categories import OTHER, Category
from db.database_clock import tell_time
from db.models import Review
from db.repository.insertion import insert_into
from db.repository.labels import refresh_labels
from db.repository.reviews import Verdict, find_products
from db.rows import in_chunks


class Receipt(StrEnum):
    """What became of a verdict that was sent."""

    RECORDED = "recorded"
    KNOWN = "known"
    TAKEN_BACK = "taken back"
    UNKNOWN_PRODUCT = "unknown product"
    UNKNOWN_CATEGORY = "unknown category"


@dataclass(frozen=True)
class SentVerdict:
    """A verdict with the name by which it is known when it comes again.

    Attributes:
        batch: what it came together with others by, at most 64 characters; likewise `place`, from 0.
        taken_back: whether it is not to count.
    """

    batch: str
    place: int
    verdict: Verdict
    taken_back: bool = False

    @property
    def name(self) -> tuple[str, int]:
        """What tells verdicts apart."""
        return self.batch, self.place


def receive_reviews(
    session: Session, sent: Sequence[SentVerdict], categories: tuple[Category, ...]
) -> list[Receipt]:
    """Record what can be recorded, and say of each verdict what became of it, in their order.

    Args:
        session: of a write.
        sent: of several on one product the later one counts.
        categories: which words are categories; a verdict on another one that was recorded can be taken back.
    """
    now = tell_time(session)
    before = _recorded(session, sent)
    ids = find_products(session, [each.verdict for each in sent])
    words = {OTHER, *(category.name for category in categories)}
    new = [
        each
        for each in sent
        if each.name not in before and each.verdict.category in words and each.verdict.key in ids
    ]
    if new:
        # In the order of giving, in which they also come again: two writers do not wait for each other in a circle.
        insert = insert_into(session, Review).on_conflict_do_nothing(index_elements=["batch", "place"])
        session.execute(insert, [_row(each, ids, now) for each in new])
    touched = {ids[each.verdict.key] for each in new}
    touched |= _withdraw(session, [each.name for each in sent if each.taken_back], now)
    refresh_labels(session, touched)
    return [_receipt(each, before, ids, words) for each in sent]


def withdraw_batch(session: Session, batch: str, place: int | None = None) -> int:
    """Take back verdicts that came together, and give how many still stood; none if there is no such batch.

    Args:
        session: of a write.
        batch: by which they are known.
        place: the one at this place; None: all.
    """
    standing = select(Review.place).where(Review.batch == batch, Review.withdrawn_at.is_(None))
    if place is not None:
        standing = standing.where(Review.place == place)
    names = [(batch, place) for place in session.scalars(standing)]
    touched = _withdraw(session, names, tell_time(session))
    refresh_labels(session, touched)
    return len(names)


def _recorded(session: Session, sent: Iterable[SentVerdict]) -> set[tuple[str, int]]:
    """Give the names of those that are recorded, taken back or not."""
    batches = {each.batch for each in sent}
    rows = (
        session.execute(select(Review.batch, Review.place).where(Review.batch.in_(chunk)))
        for chunk in in_chunks(batches)
    )
    return {(batch, place) for some in rows for batch, place in some if batch is not None}


def _row(each: SentVerdict, ids: Mapping[tuple[str, str], int], now: datetime) -> dict[str, object]:
    return {
        "product_id": ids[each.verdict.key],
        "category": each.verdict.category,
        "reviewer": each.verdict.reviewer,
        "why": each.verdict.why,
        "batch": each.batch,
        "place": each.place,
        "created_at": now,
    }


def _withdraw(session: Session, names: Sequence[tuple[str, int]], now: datetime) -> set[int]:
    """Withdraw what stands of these; give the products whose label may be another now."""
    touched: set[int] = set()
    for chunk in in_chunks(names):
        these = (tuple_(Review.batch, Review.place).in_(chunk), Review.withdrawn_at.is_(None))
        touched.update(session.scalars(select(Review.product_id).where(*these)))
        session.execute(
            update(Review).where(*these).values(withdrawn_at=now), execution_options=_NOT_IN_SESSION
        )
    return touched


_NOT_IN_SESSION = {"synchronize_session": False}


def _receipt(
    each: SentVerdict, before: set[tuple[str, int]], ids: Mapping[tuple[str, str], int], words: set[str]
) -> Receipt:
    if each.name in before:
        return Receipt.TAKEN_BACK if each.taken_back else Receipt.KNOWN
    if each.verdict.key not in ids:
        return Receipt.UNKNOWN_PRODUCT
    if each.verdict.category not in words:
        return Receipt.UNKNOWN_CATEGORY
    return Receipt.TAKEN_BACK if each.taken_back else Receipt.RECORDED

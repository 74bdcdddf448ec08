"""Which products would have another label by another model version, told before it is activated."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import ModelVersion, Product
from db.repository.network_labels import NetworkWord, network_words

PRODUCTS_AT_ONCE: Final = 1000


@dataclass(frozen=True)
class ForeseenChange:
    """A product whose label would be another; a category of None: uncertain, or not yet classified.

    Attributes:
        before: the category that the earlier version claims.
        after: the category that the later version claims.
        likeliest: by the later version, claimed or not; likewise the confidence.
    """

    product_id: int
    before: str | None
    after: str | None
    likeliest: str
    confidence: float


@dataclass(frozen=True)
class Foresight:
    """What was found among some products, in the order of their ids.

    Attributes:
        changes: the products whose label would be another.
        looked_at: how many products were looked at.
        first: the id from which on; likewise last, up to which: the place to go on from.
        total: the last id that there is.
        is_end: whether no product is left after these.
    """

    changes: tuple[ForeseenChange, ...]
    looked_at: int
    first: int
    last: int
    total: int
    is_end: bool


class _Seen(NamedTuple):
    """A product as its row has it."""

    id: int
    listed_category: str | None
    category: str | None
    uncertain: bool | None
    confidence: float | None

    @property
    def is_reviewed(self) -> bool:
        return self.uncertain is False and self.confidence is None


def foresee_labels(
    session: Session,
    versions: tuple[ModelVersion, ModelVersion],
    after: int = 0,
    most: int = 60,
    seconds: float = 1.0,
) -> Foresight:
    """Find the products to which the second version would give another label than the first gives them.

    A product under a verdict keeps its label, and so does one of whose pictures the second version's network has
    still to see some.

    Args:
        session: of a read.
        versions: where the first is active and has relabelled everything, its labels are those of the records.
        after: the id after which to look.
        most: ends the look once so many are found; a part of the products may hold a few more.
        seconds: ends the look, too; at least one part of the products is looked at.
    """
    deadline = time.monotonic() + seconds
    total = session.scalar(select(func.max(Product.id))) or 0
    changes: list[ForeseenChange] = []
    looked_at, last = 0, after
    while True:
        products = _following(session, last)
        found = _changes(session, versions, products)
        room = most - len(changes)
        if len(found) > room:  # the rest is found again from the last that is taken
            last = found[room - 1].product_id
            looked_at += sum(product.id <= last for product in products)
            return Foresight((*changes, *found[:room]), looked_at, after, last, total, is_end=False)
        changes += found
        looked_at, last = looked_at + len(products), products[-1].id if products else last
        is_end = len(products) < PRODUCTS_AT_ONCE
        if is_end or len(changes) >= most or time.monotonic() > deadline:
            return Foresight(tuple(changes), looked_at, after, last, total, is_end)


def _following(session: Session, after: int) -> list[_Seen]:
    columns = (Product.id, Product.listed_category, Product.category, Product.uncertain, Product.confidence)
    rows = session.execute(
        select(*columns).where(Product.id > after).order_by(Product.id).limit(PRODUCTS_AT_ONCE)
    )
    return [_Seen(*row) for row in rows]


def _changes(
    session: Session, versions: tuple[ModelVersion, ModelVersion], products: Sequence[_Seen]
) -> list[ForeseenChange]:
    if not products:
        return []
    first, second = versions
    later = _words(session, second, products)
    is_recorded = first.active and first.relabelled_up_to is None
    earlier = None if is_recorded else _words(session, first, products)
    changes = []
    for product in products:
        word = later.get(product.id)
        if word is None or product.is_reviewed:
            continue
        before = product.category if earlier is None else _claim(earlier.get(product.id))
        was_known = product.uncertain is not None if earlier is None else product.id in earlier
        if _claim(word) != before or not was_known:
            changes.append(ForeseenChange(product.id, before, _claim(word), word.likeliest, word.confidence))
    return changes


def _words(
    session: Session, version: ModelVersion, products: Sequence[_Seen]
) -> dict[int, NetworkWord | None]:
    listed = {product.id: product.listed_category for product in products}
    first, last = products[0].id, products[-1].id
    return network_words(session, version, lambda ids: ids.between(first, last), listed)


def _claim(word: NetworkWord | None) -> str | None:
    return None if word is None or word.uncertain else word.likeliest

"""Products for a page of pictures: filtered, in one of three orders, from any place on, to and fro."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.models import Product
from db.queries.approaches import shown_by_first
from db.queries.counting import count_some
from db.queries.products import ProductFilter, ProductRow, conditions, find_approach, product_columns

COUNTED_UP_TO: Final = 10_000
"""Products; counting more would take longer than showing them."""


class GridOrder(StrEnum):
    """What comes first; by confidence only what the network has labelled is shown."""

    FOUND = "found"
    UNSURE = "unsure"
    SURE = "sure"


class UnknownPlaceError(ValueError):
    """A place in the order is none that a page gave."""


@dataclass(frozen=True)
class Place:
    """Where a product stands in an order; written into addresses as `ID` or `CONFIDENCE_ID`."""

    id: int
    confidence: float | None = None

    def __str__(self) -> str:
        return str(self.id) if self.confidence is None else f"{self.confidence!r}_{self.id}"


@dataclass(frozen=True)
class Counted:
    """How many products there are, or that there are more than so many."""

    number: int
    more: bool


@dataclass(frozen=True)
class GridPage:
    """Some products, and the places from which the earlier and the later ones are read; None: there are none."""

    rows: Sequence[ProductRow]
    before: Place | None
    after: Place | None


def read_place(text: str, order: GridOrder) -> Place:
    """Read a place from an address.

    Raises:
        UnknownPlaceError: it is no place in that order.
    """
    confidence, _, product_id = text.rpartition("_")
    try:
        place = Place(int(product_id), float(confidence) if confidence else None)
    except ValueError as error:
        raise UnknownPlaceError(f"no place in the order, got {text!r}") from error
    if (place.confidence is None) != (order is GridOrder.FOUND) or not 0 <= place.id < 2**63:
        raise UnknownPlaceError(f"no place in the order {order}, got {text!r}")
    return place


def grid_page(
    session: Session,
    wanted: ProductFilter,
    order: GridOrder = GridOrder.FOUND,
    place: Place | None = None,
    *,
    backwards: bool = False,
    size: int = 60,
) -> GridPage:
    """Read the products after a place, or those just before it; a place whose product is gone is as good.

    Args:
        session: of a read.
        wanted: which products.
        order: what comes first.
        place: None: the beginning.
        backwards: whether the products before the place are wanted.
        size: at most so many.
    """
    statement = _ordered(session, wanted, order, place, backwards=backwards).limit(size + 1)
    rows = [ProductRow(**row) for row in session.execute(statement).mappings()]
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return GridPage((), None, None)
    is_first = not more if backwards else place is None
    is_last = False if backwards else not more
    return GridPage(
        rows,
        before=None if is_first else _place(rows[0], order),
        after=None if is_last else _place(rows[-1], order),
    )


def count_products(session: Session, wanted: ProductFilter) -> Counted:
    """Count the products of a filter up to COUNTED_UP_TO, to less where titles or pictures are read one by one."""
    approach = find_approach(session, wanted)
    if approach.words_are_common and wanted == ProductFilter(words=wanted.words):
        return Counted(COUNTED_UP_TO, more=True)
    up_to = COUNTED_UP_TO // 10 if approach.words_are_common else COUNTED_UP_TO
    up_to = COUNTED_UP_TO // 50 if approach.pictures_are_common else up_to
    if approach.pictures_are_common and _are_soon_more(session, wanted, up_to):
        return Counted(up_to, more=True)
    number = count_some(session, select(Product.id).where(*conditions(wanted, approach)), up_to)
    return Counted(min(number, up_to), more=number > up_to)


def _are_soon_more(session: Session, wanted: ProductFilter, up_to: int) -> bool:
    """Say whether the first pictures of a quality code, if that is all that is wanted, show more products."""
    if wanted.quality is None or wanted != ProductFilter(quality=wanted.quality):
        return False
    return count_some(session, shown_by_first(wanted.quality, 4 * up_to), up_to) > up_to


def _ordered(
    session: Session, wanted: ProductFilter, order: GridOrder, place: Place | None, *, backwards: bool
) -> Select[Any]:
    keys: list[InstrumentedAttribute[Any]] = (
        [Product.id] if order is GridOrder.FOUND else [Product.confidence, Product.id]
    )
    falls = (order is GridOrder.SURE) != backwards
    approach = find_approach(session, wanted)
    statement = select(*product_columns()).where(*conditions(wanted, approach))
    if order is not GridOrder.FOUND:
        statement = statement.where(Product.confidence.is_not(None))
    if place is not None:
        here = tuple_(*([place.id] if order is GridOrder.FOUND else [place.confidence, place.id]))
        statement = statement.where(tuple_(*keys) < here if falls else tuple_(*keys) > here)
    return statement.order_by(*(key.desc() if falls else key for key in keys))


def _place(row: ProductRow, order: GridOrder) -> Place:
    return Place(row.id, None if order is GridOrder.FOUND else row.confidence)

"""Rows that were made one after another, newest first, a page at a time, to and fro; however many there are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select
from sqlalchemy.orm import InstrumentedAttribute, Session

Listed = TypeVar("Listed")


@dataclass(frozen=True)
class Stretch:
    """Which rows are wanted: the newest ones, or those just before or just after an id.

    Attributes:
        before: an id that is not wanted any more; None: from the newest on.
        after: likewise to the other side; it wins over `before`.
        limit: rows at most.
    """

    before: int | None = None
    after: int | None = None
    limit: int = 50


@dataclass(frozen=True)
class RowsOfStretch(Generic[Listed]):
    """Some rows, newest first, and the ids from which newer and older ones are read; None: there are none."""

    rows: Sequence[Listed]
    newer: int | None
    older: int | None


def read_stretch(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    key: InstrumentedAttribute[int],
    stretch: Stretch,
    make: Callable[[Row[*tuple[Any, ...]]], tuple[int, Listed]],
) -> RowsOfStretch[Listed]:
    """Read a stretch of a statement's rows.

    Args:
        session: of a read.
        statement: without an order.
        key: the id by which the rows are ordered.
        stretch: which of them.
        make: gives a row's id, and what is listed.
    """
    is_back = stretch.after is not None
    if is_back:
        statement = statement.where(key > stretch.after).order_by(key)
    else:
        wanted = statement if stretch.before is None else statement.where(key < stretch.before)
        statement = wanted.order_by(key.desc())
    found = [make(row) for row in session.execute(statement.limit(stretch.limit + 1))]
    is_more, found = len(found) > stretch.limit, found[: stretch.limit]
    if is_back:
        found.reverse()
    if not found:
        return RowsOfStretch((), None, None)
    is_first = not is_more if is_back else stretch.before is None
    is_last = not is_back and not is_more
    return RowsOfStretch(
        [listed for _, listed in found],
        newer=None if is_first else found[0][0],
        older=None if is_last else found[-1][0],
    )

"""Two statements that every writer needs: insert what is missing, and walk long lists of ids."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import Base

T = TypeVar("T")


def insert_missing(
    session: Session, model: type[Base], rows: Sequence[dict[str, Any]], key: Sequence[str]
) -> None:
    """Insert the rows whose key is not there yet, in the order of their keys.

    The order keeps two writers on PostgreSQL from waiting for each other in a circle.
    """
    if not rows:
        return
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert(model) if on_sqlite else postgresql.insert(model)
    ordered = sorted(rows, key=lambda row: tuple(row[name] for name in key))
    session.execute(insert.on_conflict_do_nothing(index_elements=list(key)), ordered)


def in_chunks(items: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """Cut items into lists that fit the bound parameters of one statement."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk

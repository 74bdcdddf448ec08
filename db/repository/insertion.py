"""Insert rows that may be there already."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import Base


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

"""Insert rows that may be there already."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import Base


def insert_into(session: Session, model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Begin an INSERT that can say what is to happen where a key is there already."""
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert(model) if on_sqlite else postgresql.insert(model)
    # Else SQLAlchemy leaves out what is None, and sends a statement for each set of columns that remains.
    return insert.execution_options(render_nulls=True)


def insert_missing(
    session: Session, model: type[Base], rows: Sequence[dict[str, Any]], key: Sequence[str]
) -> dict[tuple[Any, ...], int]:
    """Insert the rows whose key is not there yet, in the order of their keys; map the keys of those to their ids.

    The order keeps two writers on PostgreSQL from waiting for each other in a circle.
    """
    if not rows:
        return {}
    columns = model.__table__.columns
    insert = insert_into(session, model).on_conflict_do_nothing(index_elements=list(key))
    ordered = sorted(rows, key=lambda row: tuple(row[name] for name in key))
    inserted = session.execute(insert.returning(columns["id"], *(columns[name] for name in key)), ordered)
    return {tuple(values): row_id for row_id, *values in inserted}

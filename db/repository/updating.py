"""Update many rows, each with values of its own."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, bindparam, func, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from db.models import Base


def update_rows(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows' values where `id` is theirs; all rows have the same names.

    Objects that the session holds stay as they are. PostgreSQL is sent one statement with an array a column: a
    statement a row takes it several times as long.
    """
    if not rows:
        return
    table = cast("Table", model.__table__)
    names = list(rows[0])
    values: dict[str, ColumnElement[Any]]
    if session.get_bind().dialect.name == "sqlite":
        of_row = [{f"new_{name}": row[name] for name in names} for row in rows]
        values = {name: bindparam(f"new_{name}") for name in names if name != "id"}
        session.connection().execute(
            update(table).where(table.columns["id"] == bindparam("new_id")).values(values), of_row
        )
        return
    arrays = [
        bindparam(f"new_{name}", [row[name] for row in rows], ARRAY(table.columns[name].type))
        for name in names
    ]
    new = func.unnest(*arrays).table_valued(*names).render_derived("new")
    values = {name: new.columns[name] for name in names if name != "id"}
    session.connection().execute(update(table).where(table.columns["id"] == new.columns["id"]).values(values))

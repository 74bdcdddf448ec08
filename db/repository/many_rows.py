"""Write many rows, each with values of its own, in one statement.

PostgreSQL is sent an array a column: a statement a row takes it several times as long.
"""

import typing
from collections.abc import Sequence
from types import NoneType
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    String,
    Table,
    TableValuedAlias,
    bindparam,
    cast,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from db.models import Base

_NUMBERS: Final = {int, float, bool, NoneType}


def update_rows(
    session: Session, model: type[Base], names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Write values where `id` is theirs, in the order of the names, of which the first is `id`.

    Objects that the session holds stay as they are.
    """
    if not rows:
        return
    table = typing.cast("Table", model.__table__)
    values: dict[str, ColumnElement[Any]]
    if session.get_bind().dialect.name == "sqlite":
        of_row = [{f"new_{name}": value for name, value in zip(names, row, strict=True)} for row in rows]
        values = {name: bindparam(f"new_{name}") for name in names[1:]}
        session.connection().execute(
            update(table).where(table.columns["id"] == bindparam("new_id")).values(values), of_row
        )
        return
    new = _columns_of(table, names, rows)
    values = {name: new.columns[name] for name in names[1:]}
    session.connection().execute(update(table).where(table.columns["id"] == new.columns["id"]).values(values))


def insert_rows(
    session: Session, model: type[Base], names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows of values in the order of the names."""
    if not rows:
        return
    table = typing.cast("Table", model.__table__)
    if session.get_bind().dialect.name == "sqlite":
        session.connection().execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        return
    new = _columns_of(table, names, rows)
    session.connection().execute(insert(table).from_select(list(names), select(*new.columns)))


def _columns_of(table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> TableValuedAlias:
    arrays = [
        cast(bindparam(f"new_{name}", _array(values), String), ARRAY(table.columns[name].type))
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    ]
    return func.unnest(*arrays).table_valued(*names).render_derived("new")


def _array(values: Sequence[Any]) -> str:
    """Spell an array as PostgreSQL reads it; the driver's way takes several times as long."""
    if (
        set(map(type, values)) <= _NUMBERS
    ):  # Python spells them in one pass, and PostgreSQL takes True and False
        return f"{{{','.join(map(repr, values))}}}".replace("None", "NULL")
    spelt = {value: _element(value) for value in set(values)}
    return f"{{{','.join([spelt[value] for value in values])}}}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'

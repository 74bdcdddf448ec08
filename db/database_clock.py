"""The database's clock: the only one that all machines on the same records have in common."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Double, bindparam, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from db.column_types import UtcDateTime

_NO_TIME: Final = timedelta()


class DatabaseMoment(FunctionElement[datetime]):
    """A moment by the clock of the database, as an expression of SQL; the same one throughout a statement."""

    name = "database_moment"
    type = UtcDateTime()
    inherit_cache = True


def database_now(later: timedelta = _NO_TIME) -> DatabaseMoment:
    """Give the time by the database's clock, or so much later; earlier where that is negative.

    In SQLite this is the clock of this machine, where the records are, too.
    """
    seconds: Any = literal(later.total_seconds(), Double())
    here = bindparam(None, callable_=lambda: datetime.now(UTC) + later, type_=UtcDateTime())
    return DatabaseMoment(seconds, here)


def tell_time(session: Session) -> datetime:
    """Ask the database for its time: for one moment in several statements, and to compare what was read."""
    return session.scalars(select(database_now())).one()


@compiles(DatabaseMoment, "postgresql")
def _compile_postgresql(element: DatabaseMoment, compiler: SQLCompiler, **options: Any) -> str:
    # Of the statement, not of the transaction: that may have waited for a lock. Indexes serve it, as it is stable.
    seconds, _ = element.clauses
    return f"(statement_timestamp() + make_interval(secs => {compiler.process(seconds, **options)}))"


@compiles(DatabaseMoment, "sqlite")
def _compile_sqlite(element: DatabaseMoment, compiler: SQLCompiler, **options: Any) -> str:
    # As the statement is executed; SQLite's own functions know no microseconds.
    _, here = element.clauses
    return compiler.process(here, **options)

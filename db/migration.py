"""Bring a database to this code's schema, or say that it is not there: Alembic, driven from Python."""

from functools import cache
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, inspect, select

from db.errors import DatabaseVersionError
from db.settings import ROOT

_UPGRADE_LOCK: Final = 0x76617374
"""The number of PostgreSQL's advisory lock that upgrades take."""


def upgrade(engine: Engine, *, only_if_empty: bool = False) -> None:
    """Run the missing migrations in one transaction; processes that start together take turns."""
    if only_if_empty and _has_tables(engine):  # asked first without a lock: a reader waits for no writer
        return
    with engine.execution_options(vastra_writing=True).begin() as connection:
        if connection.dialect.name == "postgresql":  # SQLite's BEGIN IMMEDIATE has taken turns already
            connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
        if only_if_empty and inspect(connection).get_table_names():
            return
        _require_not_newer(connection)
        command.upgrade(_config(connection), "head")


def current_revision(engine: Engine) -> str | None:
    """Give the revision of the database's schema; None where there is none yet."""
    with engine.connect() as connection:
        return _revision(connection)


def require_current_schema(engine: Engine) -> None:
    """Raise DatabaseVersionError unless the database has exactly this code's schema."""
    with engine.connect() as connection:
        _require_not_newer(connection)
        revision = _revision(connection)
    if revision != _scripts().get_current_head():
        raise DatabaseVersionError(
            f"the database at {engine.url!r} is older than this code: run `python -m db upgrade`; "
            f"its schema is {revision}, the code's {_scripts().get_current_head()}"
        )


def _has_tables(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(inspect(connection).get_table_names())


def _require_not_newer(connection: Connection) -> None:
    revision = _revision(connection)
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision is not None and revision not in known:
        raise DatabaseVersionError(
            f"the database at {connection.engine.url!r} is newer than this code: update the code; "
            f"its schema {revision} is unknown here"
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(connection: Connection | None) -> Config:
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["connection"] = connection
    return config

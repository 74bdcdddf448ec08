"""Bring a database to this code's schema, or say that it is not there: Alembic, driven from Python."""

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from db.errors import DatabaseVersionError
from db.settings import ROOT


def upgrade(engine: Engine, *, only_if_empty: bool = False) -> None:
    """Run the missing migrations in one transaction; processes that start together take turns."""
    with engine.execution_options(vastra_writing=True).begin() as connection:
        if only_if_empty and inspect(connection).get_table_names():
            return
        _require_not_newer(connection)
        command.upgrade(_config(connection), "head")


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

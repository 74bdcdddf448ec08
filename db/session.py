"""One way to the database: an engine set up for its dialect, and transactions that commit or roll back."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session

from db.errors import DatabaseVersionError, UnreachableDatabaseError
from db.migration import require_current_schema, upgrade
from db.settings import settings


class Database:
    """The records at one address; cheap to keep, safe to share between threads, not between forks."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self._writing = self.engine.execution_options(vastra_writing=True)
        self._reading = self.engine
        if self.engine.dialect.name == "postgresql":  # by default each of its statements sees another moment
            self._reading = self.engine.execution_options(isolation_level="REPEATABLE READ")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that sees one snapshot and takes no lock; changes made in it are dropped."""
        with Session(self._reading, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open one transaction: committed at the end of the block, rolled back if it raises."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give every pooled connection back."""
        self.engine.dispose()


@cache
def open_database() -> Database:
    """Open the records at DATABASE_URL, once a process.

    A SQLite file that does not exist is made and migrated; any other database must have this code's schema.

    Raises:
        DatabaseVersionError: the schema is older or newer than this code, or there is none.
    """
    database = Database(settings().database_url)
    try:
        if database.engine.dialect.name == "sqlite":
            upgrade(database.engine, only_if_empty=True)
        require_current_schema(database.engine)
    except DatabaseVersionError:
        database.close()
        raise
    return database


def open_engine(url: str) -> Engine:
    """Make an engine; on SQLite with write-ahead log, foreign keys, a 30 s wait and honest transactions.

    A SQLite file in a folder where this process may not write is opened for reading alone.

    Raises:
        UnreachableDatabaseError: the address is none, or its folder cannot be made.
    """
    try:
        address = make_url(url)
        if address.get_backend_name() != "sqlite":
            return create_engine(address, pool_pre_ping=True)
        if address.database and address.database != ":memory:":
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
            address = _readable_address(address)
    except (ArgumentError, NoSuchModuleError, ImportError, OSError, ValueError) as error:
        # The address may hold a password, so that only its kind is shown.
        kind = url.partition("://")[0] + "://..." if "://" in url else "no address"
        raise UnreachableDatabaseError(
            f"DATABASE_URL cannot be used ({_reason(error)}); got {kind}"
        ) from error
    engine = create_engine(address, connect_args={"timeout": 30})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _reason(error: Exception) -> str:
    if isinstance(error, ValueError):  # it has the text that follows the last colon: a password's part
        return "its port is no number; in a password, write @ as %40, : as %3A, / as %2F and % as %25"
    if isinstance(error, NoSuchModuleError):
        return f"{error}; PostgreSQL's begins with postgresql://, SQLite's with sqlite:///"
    return str(error)


def _readable_address(address: URL) -> URL:
    """Give an address by which SQLite makes no file, where it could make none beside the records."""
    path = Path(address.database or "").absolute()
    if not path.is_file() or os.access(path.parent, os.W_OK):
        return address
    read_only = {"uri": "true", "mode": "ro"}
    if not path.with_name(f"{path.name}-wal").exists():  # else a program has them open: its files are read
        read_only["immutable"] = "1"
    return address.set(database=path.as_uri(), query={**address.query, **read_only})


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # Python's driver begins transactions by itself, and too late; we send BEGIN in the event below.
    connection.isolation_level = None
    for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    with suppress(sqlite3.OperationalError):  # what is only read stays as it is
        connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    # A reader that turns writer fails at once, whatever the timeout; so writers say so when they begin.
    writing = connection.get_execution_options().get("vastra_writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

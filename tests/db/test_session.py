import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from db.errors import DatabaseVersionError, UnreachableDatabaseError
from db.queries.products import ProductFilter, product_page
from db.session import Database, open_database
from tests.conftest import ROOT, missing
from tests.factories import product, save


def number_of_products(database: Database) -> int:
    with database.read() as session:
        return len(product_page(session, ProductFilter()))


def test_a_reader_sees_one_moment(database: Database) -> None:
    with database.read() as session:
        assert product_page(session, ProductFilter()) == []
        save(database, product())
        assert product_page(session, ProductFilter()) == []
    assert number_of_products(database) == 1


def test_what_a_reader_changes_is_dropped(database: Database) -> None:
    save(database, product())
    with database.read() as session:
        session.execute(text("DELETE FROM products"))
    assert number_of_products(database) == 1


def test_a_new_file_is_made_with_its_folder_and_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("VASTRA_FOLDER", str(tmp_path / "var"))
    assert number_of_products(open_database()) == 0
    assert (tmp_path / "var" / "vastra.sqlite3").is_file()


def test_an_empty_postgresql_is_not_migrated_unasked(
    monkeypatch: pytest.MonkeyPatch, postgresql_url: str
) -> None:
    database = Database(postgresql_url)
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
    database.close()
    monkeypatch.setenv("DATABASE_URL", postgresql_url)
    with pytest.raises(DatabaseVersionError, match="python -m db upgrade"):
        open_database()


def test_reading_waits_for_no_writer(sqlite_url: str, set_database_url: Callable[[Database], None]) -> None:
    writer = Database(sqlite_url)
    set_database_url(writer)
    with writer.write() as session:
        session.execute(text("DELETE FROM products"))
        assert number_of_products(open_database()) == 0
    writer.close()


@pytest.mark.slow
@pytest.mark.parametrize("in_use", [False, True])
def test_records_are_read_where_nothing_may_be_written(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_use: bool
) -> None:
    """Whether or not a program that may write has them open."""
    database = Database(sqlite_url)
    save(database, product("B0READONLY"))
    if not in_use:
        database.close()
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    (tmp_path / "records.sqlite3").chmod(0o444)
    tmp_path.chmod(0o555)
    command = [*without_override(), sys.executable, "-m", "db", "products", "--format", "csv"]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    tmp_path.chmod(0o755)
    database.close()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "B0READONLY" in ended.stdout


def without_override() -> list[str]:
    """The words before a command that make permissions count for root too, where this is root."""
    if os.geteuid() != 0:
        return []
    command = shutil.which("setpriv")
    if command is None:
        missing("no setpriv here, without which root may write everywhere")
    return [command, "--bounding-set=-dac_override", "--inh-caps=-dac_override"]


@pytest.mark.parametrize(
    "url",
    [
        "no address",
        "oops//user:secret@host",
        "postgresql://user:secret@host:port/records",
        "postgres://user:secret@host/records",
        "gopher://host/records",
        "sqlite:////proc/nothing/records.sqlite3",
    ],
)
def test_an_unusable_address_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(UnreachableDatabaseError, match="DATABASE_URL cannot be used") as refusal:
        open_database()
    assert "secret" not in str(refusal.value)

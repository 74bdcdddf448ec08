from pathlib import Path

import pytest
from sqlalchemy import text

from db.errors import DatabaseVersionError, UnreachableDatabaseError
from db.queries.products import ProductFilter, product_page
from db.session import Database, open_database
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


@pytest.mark.parametrize(
    "url", ["no address", "gopher://host/records", "sqlite:////proc/nothing/records.sqlite3"]
)
def test_an_unusable_address_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(UnreachableDatabaseError, match="DATABASE_URL cannot be used"):
        open_database()
    with pytest.raises(UnreachableDatabaseError) as refusal:
        Database("oops//user:secret@host")
    assert "secret" not in str(refusal.value)

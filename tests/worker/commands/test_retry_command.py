"""Images that were set aside come back by their reason."""

from collections.abc import Callable, Iterator

import pytest
from typer.testing import CliRunner, Result

from db.pictures.codes import Reason
from db.queries.pending import count_pending
from db.repository.predictions import set_aside
from db.session import Database
from tests.factories import model_version, product, save
from tests.screens import plain
from worker.__main__ import app


@pytest.fixture
def records(sqlite_url: str, set_database_url: Callable[[Database], None]) -> Iterator[Database]:
    """Records with three images, of which two were set aside."""
    database = Database(sqlite_url)
    model_version(database)
    first, second, _ = save(database, product("B000000001", 1, 2, 3))
    with database.write() as session:
        set_aside(session, {first: Reason.WORKER_DIED, second: Reason.CORRUPT})
    set_database_url(database)
    yield database
    database.close()


def pending(database: Database) -> int:
    with database.read() as session:
        return count_pending(session)


def retry(*words: str) -> Result:
    return CliRunner().invoke(app, ["retry", *words], env={"COLUMNS": "200"}, catch_exceptions=False)


def test_images_come_back_by_their_reason(records: Database) -> None:
    assert pending(records) == 1
    result = retry("--reason", "worker_died")
    assert result.exit_code == 0
    assert "again: 1; pending: 2" in result.stderr
    assert pending(records) == 2


def test_without_a_reason_it_tells_what_was_set_aside_and_changes_nothing(records: Database) -> None:
    result = retry()
    assert result.exit_code == 0
    assert "corrupt 1, worker_died 1" in result.stderr
    assert pending(records) == 1


def test_a_reason_that_no_image_has_changes_nothing(records: Database) -> None:
    assert "Nothing was changed" in retry("--reason", "not_found").stderr
    assert pending(records) == 1


@pytest.mark.usefixtures("records")
def test_a_word_that_is_no_reason_is_refused() -> None:
    result = retry("--reason", "bored")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'--reason': Value error, 'bored' is not one of 'not_found'," in plain(result.stderr)

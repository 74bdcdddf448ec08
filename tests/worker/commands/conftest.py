from collections.abc import Callable, Iterator

import pytest

from db.session import Database


@pytest.fixture
def records(sqlite_url: str, set_database_url: Callable[[Database], None]) -> Iterator[Database]:
    """The records that commands in this process read and write."""
    database = Database(sqlite_url)
    set_database_url(database)
    yield database
    database.close()

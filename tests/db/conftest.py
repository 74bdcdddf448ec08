from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from typer.testing import CliRunner, Result

from db.session import Database
from tests.factories import picture_bytes


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    """A migrated SQLite file, opened: for what does not depend on the kind of database."""
    database = Database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A small ImageFolder: two jeans, one saree below a shop's folder, one shirt as a known negative."""
    folder = tmp_path / "photos"
    for seed, name in enumerate(["jeans/1.jpg", "jeans/2.png", "shop/saree/3.webp", "other/shirts/4.jpg"]):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image_format = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[name.rpartition(".")[2]]
        path.write_bytes(picture_bytes(seed, image_format))
    (folder / "README.md").write_text("About these photos.\n")
    return folder


class Command(Protocol):
    """Runs `python -m db WORDS` in this process."""

    def __call__(self, *words: object) -> Result: ...


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, sqlite: Database, set_database_url: Callable[[Database], None]
) -> Command:
    """The command line, on the records of `sqlite`."""
    from db.__main__ import app  # noqa: PLC0415 - typer reads the width of the terminal

    monkeypatch.delenv("IMAGE_STORE", raising=False)
    set_database_url(sqlite)

    def run(*words: object) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return run

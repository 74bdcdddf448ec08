import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from db.image_store import open_image_store
from db.session import Database, open_database
from db.settings import settings
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


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sqlite_template: Path
) -> Iterator[Callable[..., Result]]:
    """Run `python -m db WORDS` in this process, on records of the test's own."""
    from db.__main__ import app  # noqa: PLC0415 - typer reads the width of the terminal

    (tmp_path / "var").mkdir()
    shutil.copy(sqlite_template, tmp_path / "var" / "vastra.sqlite3")
    monkeypatch.setenv("VASTRA_FOLDER", str(tmp_path / "var"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("IMAGE_STORE", raising=False)
    cached = (settings, open_database, open_image_store)
    for function in cached:
        function.cache_clear()

    def run(*words: object) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    yield run
    if open_database.cache_info().currsize:
        open_database().close()
    for function in cached:
        function.cache_clear()

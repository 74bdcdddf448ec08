from collections.abc import Iterator
from pathlib import Path

import pytest

from db.errors import ImageStoreError
from db.image_store import ImageStore
from db.models import Image
from db.repository.products import save_products
from db.session import Database
from tests.factories import picture_bytes, product


@pytest.fixture
def records(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    yield database
    database.close()


def save(database: Database, store: ImageStore) -> list[int]:
    with database.write() as session:
        return save_products(session, [product("B000000001", 1, 2)], store)


@pytest.fixture(params=["database", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ImageStore:
    return ImageStore("db:" if request.param == "database" else (tmp_path / "pictures").as_uri())


def test_the_original_bytes_come_back(records: Database, store: ImageStore) -> None:
    image_ids = save(records, store)
    with records.read() as session:
        assert set(store.read(session, image_ids).values()) == {picture_bytes(1), picture_bytes(2)}
        assert store.read(session, [404]) == {}


def test_files_lie_under_their_sha256_and_not_in_the_database(records: Database, tmp_path: Path) -> None:
    store = ImageStore(tmp_path.as_uri())
    image_ids = save(records, store)
    assert save(records, store) == image_ids
    with records.read() as session:
        images = [session.get_one(Image, image_id) for image_id in image_ids]
        assert [image.data for image in images] == [None, None]
    for image in images:
        assert (tmp_path / image.sha256[:2] / image.sha256).stat().st_size == image.byte_size
    assert not list(tmp_path.rglob("*.part"))


def test_bytes_that_are_gone_are_left_out(records: Database, tmp_path: Path) -> None:
    store = ImageStore(tmp_path.as_uri())
    gone, here = save(records, store)
    with records.read() as session:
        sha256 = session.get_one(Image, gone).sha256
        (tmp_path / sha256[:2] / sha256).unlink()
        assert list(store.read(session, [gone, here])) == [here]


def test_pictures_of_before_a_move_to_files_stay_readable(records: Database, tmp_path: Path) -> None:
    image_ids = save(records, ImageStore("db:"))
    with records.read() as session:
        assert list(ImageStore(tmp_path.as_uri()).read(session, image_ids)) == image_ids


def test_an_address_that_nobody_understands_is_refused() -> None:
    with pytest.raises(ImageStoreError, match="gopher"):
        ImageStore("gopher://pictures")


def test_a_store_that_cannot_be_written_is_an_error(records: Database, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ImageStoreError, match="cannot write"):
        save(records, ImageStore((tmp_path / "file").as_uri()))

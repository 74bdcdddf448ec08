import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from db.errors import ImageStoreError
from db.image_store import ImageStore
from db.models import Image
from db.repository.found_products import save_products
from db.session import Database
from tests.conftest import ROOT, missing
from tests.factories import picture_bytes, product
from tests.processes import PATIENCE_SECONDS
from worker.fleet.waiting import wait_until


@pytest.fixture
def records(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    yield database
    database.close()


def save(database: Database, store: ImageStore) -> list[int]:
    """Save a product with two pictures; the ids of those that are new."""
    with database.write() as session:
        [saved] = save_products(session, [product("B000000001", 1, 2)], store)
    return list(saved.new_image_ids)


S3_SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""
"""Takes a port that is free, says which, and ends with the tests."""


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket on an S3 server in a process of its own; where it is, AWS' variables say."""
    if find_spec("moto") is None or find_spec("s3fs") is None:
        missing("no S3 server: install the locked requirements, moto and s3fs are among them")
    server = subprocess.Popen(
        [sys.executable, "-c", S3_SERVER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    with server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.stdout.readline().strip()}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "anything")
        ImageStore("s3://pictures")._files.mkdir("pictures")
        yield "s3://pictures"
        server.kill()


@pytest.fixture(params=["database", "files", pytest.param("s3", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ImageStore:
    if request.param == "s3":
        return ImageStore(f"{request.getfixturevalue('bucket')}/of/vastra")
    return ImageStore("db:" if request.param == "database" else (tmp_path / "pictures").as_uri())


def test_the_original_bytes_come_back(records: Database, store: ImageStore) -> None:
    image_ids = save(records, store)
    with records.read() as session:
        assert set(store.read(session, image_ids).values()) == {picture_bytes(1), picture_bytes(2)}
        assert store.read(session, [404]) == {}


def test_files_lie_under_their_sha256_and_not_in_the_database(records: Database, tmp_path: Path) -> None:
    store = ImageStore(tmp_path.as_uri())
    image_ids = save(records, store)
    assert save(records, store) == []
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


def test_an_object_that_is_gone_from_a_bucket_is_left_out(records: Database, bucket: str) -> None:
    store = ImageStore(bucket)
    gone, here = save(records, store)
    with records.read() as session:
        store._files.rm_file(store._path(session.get_one(Image, gone).sha256))
        assert list(store.read(session, [gone, here])) == [here]


def test_a_damaged_file_counts_as_gone(records: Database, tmp_path: Path) -> None:
    store = ImageStore(tmp_path.as_uri())
    half, whole = save(records, store)
    with records.read() as session:
        sha256 = session.get_one(Image, half).sha256
        path = tmp_path / sha256[:2] / sha256
        path.write_bytes(path.read_bytes()[:100])
        assert list(store.read(session, [half, whole])) == [whole]


@pytest.mark.parametrize("kind", ["folder", pytest.param("bucket", marks=pytest.mark.slow)])
def test_a_store_that_is_not_there_is_an_error_and_no_missing_picture(
    kind: str, records: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A disk that is not mounted must not set every picture aside."""
    image_ids = save(records, ImageStore((tmp_path / "mounted").as_uri()))
    if kind == "bucket":
        request.getfixturevalue("bucket")
    store = ImageStore("s3://elsewhere" if kind == "bucket" else (tmp_path / "elsewhere").as_uri())
    with records.read() as session, pytest.raises(ImageStoreError, match="not there"):
        store.read(session, image_ids)


WRITER = """
import hashlib, pathlib, sys
from db.image_store import ImageStore
store = ImageStore(pathlib.Path(sys.argv[1]).as_uri())
for number in range(10_000):
    data = bytes([number % 256]) * (2_000_000 + number)
    store.keep(hashlib.sha256(data).hexdigest(), data)
"""


@pytest.mark.slow
def test_a_killed_process_leaves_no_half_picture(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT)

    def written() -> list[Path]:
        return [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".part"]

    assert wait_until(lambda: len(written()) >= 3, PATIENCE_SECONDS)
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    for path in written():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def test_what_a_killed_writer_left_is_removed_after_a_day(records: Database, tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    now = time.time()
    for name, hours in (("old.part", 25), ("of-a-writer-at-work.part", 0)):
        (parts / name).write_bytes(b"half of a picture")
        os.utime(parts / name, (now - hours * 3600, now - hours * 3600))
    save(records, ImageStore(tmp_path.as_uri()))
    assert [path.name for path in tmp_path.rglob("*.part")] == ["of-a-writer-at-work.part"]


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

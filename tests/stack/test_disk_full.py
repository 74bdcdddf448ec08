"""PostgreSQL's disk is full in the midst of a crawl: one line says so, and nothing that was committed is lost."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from db.session import Database
from tests.conftest import missing
from tests.stack.accidents import SHOP
from tests.stack.invariant import DOUBLE, WITHOUT_IMAGE
from tests.stack.stack import Stack, engine_is_there

DISK = "size=160m,uid=999,gid=999,mode=0700"  # 999 is postgres in the image
DATA = "/var/lib/postgresql/data"
FILL = (
    f"dd if=/dev/zero of={DATA}/filler bs=64k count=$(($(df --output=avail -k {DATA} | tail -1) / 64 - 16))"
)
"""Leaves one MiB."""

BEGIN_SEGMENT = ("SELECT pg_switch_wal()", "SELECT pg_logical_emit_message(true, 'test', 'x')")
"""Has 16 MB of the log made before the disk is full: without room for its log, PostgreSQL stops altogether."""

COUNTS = "SELECT (SELECT count(*) FROM products), (SELECT count(*) FROM images)"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, in memory, for PostgreSQL's data."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", DISK, "vastra-disk", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        missing("only root may mount a disk that can be filled")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def stack(disk: Path) -> Iterator[Stack]:
    """PostgreSQL on that disk, Redis and the shop."""
    if not engine_is_there():
        missing("no container engine answers: `docker info`")
    files = ("docker-compose.yml", "tests/stack/small-disk.yml")
    stack = Stack("vastra-disk", files, {"SMALL_DISK": str(disk)})
    stack.remove()
    stack.compose("build", "crawl-worker")
    try:
        stack.compose("up", "-d", "redis", "shop")
        stack.compose("run", "--rm", "migrate")
        yield stack
    finally:
        stack.remove()


def test_a_crawl_that_fills_the_disk_says_so_and_goes_on_when_there_is_room(stack: Stack) -> None:
    records = Database(stack.database_url)
    stack.wait_for_records(records)
    for begin_segment in BEGIN_SEGMENT:
        with records.write() as session:
            session.execute(text(begin_segment))
    stack.in_postgres("sh", "-c", FILL)
    full = crawl(stack)
    assert full.returncode == 1, full.stderr
    assert "No space left on device" in full.stderr
    assert "Traceback" not in full.stderr

    stack.in_postgres("rm", f"{DATA}/filler")
    stack.wait_for_records(records)
    kept = count(records)
    again = crawl(stack)
    assert again.returncode == 0, again.stderr
    whole = count(records)
    assert all(now >= before for now, before in zip(whole, kept, strict=True))
    with records.read() as session:
        assert session.execute(text(DOUBLE)).scalar_one() == 0
        assert session.execute(text(WITHOUT_IMAGE)).scalar_one() == 0
    records.close()


def crawl(stack: Stack) -> subprocess.CompletedProcess[str]:
    spider = ("scrapy", "crawl", "amazon_clothing", "-a", f"base_url={SHOP}")
    return stack.compose(
        "run", "--rm", "--no-deps", "-e", "VASTRA_LOG=", "crawl-worker", *spider, check=False
    )


def count(records: Database) -> tuple[int, int]:
    with records.read() as session:
        products, images = session.execute(text(COUNTS)).one()
    return products, images

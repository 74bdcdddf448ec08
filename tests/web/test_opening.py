import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@contextmanager
def opened(folder: Path, *options: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """`python -m web` on records of its own, ended at the end."""
    environment = os.environ | {"VASTRA_FOLDER": str(folder), "DATABASE_URL": "", "VASTRA_WEB_TOKEN": ""}
    page = subprocess.Popen(
        [sys.executable, "-m", "web", *options],
        cwd=ROOT,
        env=environment | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield page
    finally:
        page.kill()
        page.communicate()


def test_one_address_is_printed_alone_once_the_page_answers(tmp_path: Path) -> None:
    with opened(tmp_path, "--port", "0") as page:
        assert page.stdout is not None
        address = page.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(address) as answer:
            assert "There are no products yet" in answer.read().decode()


def test_it_ends_within_two_seconds_though_a_stream_is_open(tmp_path: Path) -> None:
    with opened(tmp_path, "--port", "0") as page:
        assert page.stdout is not None
        address = page.stdout.readline().strip()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        opener.open(address).close()
        stream = opener.open(address.partition("/?")[0] + "/events")
        assert stream.readline().startswith(b"retry")
        told = time.monotonic()
        page.send_signal(signal.SIGTERM)
        page.wait(30)
        assert time.monotonic() - told < 10  # two on a machine that has nothing else to do


def test_an_address_that_others_reach_needs_a_token_of_ones_own(tmp_path: Path) -> None:
    with opened(tmp_path, "--host", "0.0.0.0", "--port", "0") as page:
        _, said = page.communicate(timeout=60)
    assert page.returncode == 1
    assert "set VASTRA_WEB_TOKEN" in said


def test_an_operators_token_is_not_printed(tmp_path: Path) -> None:
    token = "a secret of an operator"
    with opened(tmp_path, "--host", "0.0.0.0", "--port", "0", VASTRA_WEB_TOKEN=token) as page:
        assert page.stdout is not None
        assert page.stdout.readline().strip().endswith("/")
        page.send_signal(signal.SIGTERM)
        _, said = page.communicate(timeout=60)
    assert token not in said


def test_a_short_token_is_none(tmp_path: Path) -> None:
    with opened(tmp_path, "--port", "0", VASTRA_WEB_TOKEN="short") as page:
        _, said = page.communicate(timeout=60)
    assert page.returncode == 1
    assert "16 characters or more" in said


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with opened(tmp_path / "one", "--port", "0") as page:
        assert page.stdout is not None
        port = page.stdout.readline().partition("127.0.0.1:")[2].partition("/")[0]
        with opened(tmp_path / "other", "--port", port) as second:
            _, said = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "choose another --port" in said

"""The demo keeps its records apart, whatever reads the settings first."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

PROGRAM = """
import contextlib, dataclasses, io, json, runpy, sys
sys.argv = ["demo", "--help"]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    runpy.run_module("demo", run_name="__main__")
from db.settings import settings
print(json.dumps(dataclasses.asdict(settings()), default=str))
"""


@pytest.fixture
def user(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has records already, and logs as JSON, for which the settings are read."""
    others = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return others | {
        "VASTRA_FOLDER": str(tmp_path),
        "VASTRA_LOG": "json",
        "IMAGE_STORE": tmp_path.as_uri(),
        "CELERY_BROKER_URL": "redis://127.0.0.1:1",
    }


def settings_of_the_demo(environment: dict[str, str]) -> dict[str, Any]:
    """The settings in a process that has started the demo as a user does, up to its first word."""
    words = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return dict(json.loads(words.stdout))


def test_the_records_of_the_user_stay_untouched(user: dict[str, str], tmp_path: Path) -> None:
    found = settings_of_the_demo(user)
    apart = ROOT / "var" / "demo"
    assert found["folder"] == str(apart)
    assert found["database_url"] == f"sqlite:///{apart / 'vastra.sqlite3'}"
    assert (found["image_store"], found["broker_url"]) == ("db:", None)
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_the_user_names_is_used_with_all_that_belongs_to_it(
    user: dict[str, str], tmp_path: Path
) -> None:
    found = settings_of_the_demo(user | {"DATABASE_URL": "postgresql://127.0.0.1:1/demo"})
    assert found["database_url"] == "postgresql://127.0.0.1:1/demo"
    assert (found["folder"], found["image_store"]) == (str(tmp_path), tmp_path.as_uri())

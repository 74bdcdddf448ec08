import subprocess
import sys
from pathlib import Path

import pytest

from db.errors import SettingsError
from db.settings import settings
from tests.conftest import ROOT
from worker.settings import worker_settings


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("VASTRA_TRAIN_AFTER", "forty", "VASTRA_TRAIN_AFTER must be a whole number from 0 on; got 'forty'"),
        ("VASTRA_TRAIN_AFTER", "1.5", "VASTRA_TRAIN_AFTER must be a whole number from 0 on; got '1.5'"),
        ("VASTRA_TRAIN_AFTER", "-1", "VASTRA_TRAIN_AFTER must be a whole number from 0 on; got '-1'"),
        ("VASTRA_CRAWL_HOURS", "daily", "VASTRA_CRAWL_HOURS must be a number from 0 on; got 'daily'"),
        ("VASTRA_CRAWL_HOURS", "nan", "VASTRA_CRAWL_HOURS must be a number from 0 on; got 'nan'"),
        ("VASTRA_CRAWL_HOURS", "inf", "VASTRA_CRAWL_HOURS must be a number from 0 on; got 'inf'"),
    ],
)
def test_a_wrong_number_is_named_with_what_is_allowed(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        worker_settings()
    assert str(caught.value) == message


def test_an_empty_variable_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "VASTRA_TRAIN_AFTER",
        "VASTRA_LEARN_AFTER",
        "VASTRA_CRAWL_HOURS",
        "VASTRA_SUPERVISOR",
        "VASTRA_LOG",
    ):
        monkeypatch.setenv(name, "")
    assert vars(worker_settings()) == {
        "train_after": 40,
        "learn_after": 16,
        "crawl_hours": 0,
        "supervisor": None,
    }
    assert not settings().json_logs
    assert not settings().brief_logs


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "command", "message"),
    [
        ({"VASTRA_LOG": "xml"}, ["db", "stats"], "VASTRA_LOG must be json, brief, or empty"),
        ({"VASTRA_LOG": "xml"}, ["worker", "models"], "VASTRA_LOG must be json, brief, or empty"),
        ({"VASTRA_TRAIN_AFTER": "forty"}, ["worker", "run"], "VASTRA_TRAIN_AFTER must be a whole number"),
    ],
)
def test_a_command_tells_of_a_wrong_variable_on_one_line(
    variables: dict[str, str], command: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    words = [sys.executable, "-m", *command]
    result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr.count("\n"), result.stdout) == (1, 1, "")
    assert result.stderr.startswith(f"Error: {message}")


def test_a_folder_that_no_address_can_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("VASTRA_FOLDER", str(tmp_path / "what?"))
    with pytest.raises(SettingsError, match="must hold no question mark"):
        settings()

"""Where records, pictures and the broker are: the environment, read once."""

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from db.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout; relative paths of the project resolve from here."""

LOG: Final = "VASTRA_LOG"
"""The variable that says how log lines are written."""

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Settings:
    """The settings that all programs share.

    Attributes:
        folder: what the embedded parts keep (SQLite file, broker, cached features); VASTRA_FOLDER.
        database_url: SQLAlchemy address of the records; DATABASE_URL.
        image_store: `db:` or an fsspec address of a folder or bucket; IMAGE_STORE.
        broker_url: address of a broker of the user's own; None for the embedded one; CELERY_BROKER_URL.
        json_logs: whether log lines are JSON objects; VASTRA_LOG=json.
        brief_logs: whether they say only what happened, in a line each; VASTRA_LOG=brief.
    """

    folder: Path
    database_url: str
    image_store: str
    broker_url: str | None
    json_logs: bool
    brief_logs: bool


@cache
def settings() -> Settings:
    """Read the environment; a folder that is missing is made by whoever writes to it.

    Raises:
        SettingsError: a value cannot be used.
    """
    folder = Path(os.environ.get("VASTRA_FOLDER") or ROOT / "var").absolute()
    if "?" in str(folder):  # in the address of the records, an option would begin there
        raise SettingsError(
            f"VASTRA_FOLDER, or the checkout's folder, must hold no question mark; got {folder}"
        )
    return Settings(
        folder=folder,
        database_url=os.environ.get("DATABASE_URL") or f"sqlite:///{folder / 'vastra.sqlite3'}",
        image_store=os.environ.get("IMAGE_STORE") or "db:",
        broker_url=os.environ.get("CELERY_BROKER_URL") or None,
        json_logs=_log_word() == "json",
        brief_logs=_log_word() == "brief",
    )


@cache
def version() -> str:
    """Give the version of the project, as pyproject.toml says it."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(document["project"]["version"])


def train_after() -> int:
    """Give how many listed products each category needs before a worker first trains by itself; 0: none ever does.

    Raises:
        SettingsError: VASTRA_TRAIN_AFTER is no number, or below 0.
    """
    return read_number("VASTRA_TRAIN_AFTER", int, 40)


def read_number(name: str, kind: type[Number], default: Number) -> Number:
    """Read a number from 0 on out of the environment; the default where the variable is missing or empty.

    Raises:
        SettingsError: the value is no such number.
    """
    text = os.environ.get(name) or str(default)
    try:
        number = kind(text)
    except ValueError as error:
        raise _wrong(name, kind, text) from error
    if not 0 <= number < float("inf"):
        raise _wrong(name, kind, text)
    return number


def _wrong(name: str, kind: type[int] | type[float], text: str) -> SettingsError:
    words = "a whole number" if kind is int else "a number"
    return SettingsError(f"{name} must be {words} from 0 on; got {text!r}")


def _log_word() -> str:
    word = os.environ.get(LOG, "")
    if word not in {"", "json", "brief"}:
        raise SettingsError(
            f"{LOG} must be json, brief, or empty for all lines that people read; got {word!r}"
        )
    return word

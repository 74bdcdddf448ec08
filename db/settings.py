"""Where records, pictures and the broker are: the environment, read once."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout; relative paths of the project resolve from here."""


@dataclass(frozen=True)
class Settings:
    """The settings that all programs share.

    Attributes:
        folder: what the embedded parts keep (SQLite file, broker, cached features); VASTRA_FOLDER.
        database_url: SQLAlchemy address of the records; DATABASE_URL.
        image_store: `db:` or an fsspec address of a folder or bucket; IMAGE_STORE.
        broker_url: address of a broker of the user's own; None for the embedded one; CELERY_BROKER_URL.
        json_logs: whether log lines are JSON objects; VASTRA_LOG=json.
    """

    folder: Path
    database_url: str
    image_store: str
    broker_url: str | None
    json_logs: bool


@cache
def settings() -> Settings:
    """Read the environment; a folder that is missing is made by whoever writes to it."""
    folder = Path(os.environ.get("VASTRA_FOLDER") or ROOT / "var").absolute()
    return Settings(
        folder=folder,
        database_url=os.environ.get("DATABASE_URL") or f"sqlite:///{folder / 'vastra.sqlite3'}",
        image_store=os.environ.get("IMAGE_STORE") or "db:",
        broker_url=os.environ.get("CELERY_BROKER_URL") or None,
        json_logs=os.environ.get("VASTRA_LOG") == "json",
    )

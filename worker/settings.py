"""What the workers are told by the environment, read once."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Final

from db.settings import read_number, train_after

SUPERVISOR: Final = "VASTRA_SUPERVISOR"
"""The variable that tells a supervised process its supervisor's process id."""


@dataclass(frozen=True)
class WorkerSettings:
    """The settings of the workers.

    Attributes:
        train_after: see db/settings.train_after.
        learn_after: new verdicts and withdrawals after which the worker learns by itself; 0: never;
            VASTRA_LEARN_AFTER.
        crawl_hours: after which the slices that were last planned are crawled again; 0: never;
            VASTRA_CRAWL_HOURS.
        supervisor: process id of the supervisor with which this process ends; None: of its own; VASTRA_SUPERVISOR.
    """

    train_after: int
    learn_after: int
    crawl_hours: float
    supervisor: int | None


@cache
def worker_settings() -> WorkerSettings:
    """Read the environment.

    Raises:
        SettingsError: a value is no number, or below 0.
    """
    return WorkerSettings(
        train_after=train_after(),
        learn_after=read_number("VASTRA_LEARN_AFTER", int, 16),
        crawl_hours=read_number("VASTRA_CRAWL_HOURS", float, 0.0),
        supervisor=read_number(SUPERVISOR, int, 0) if os.environ.get(SUPERVISOR) else None,
    )

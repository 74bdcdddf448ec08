import time
from typing import Any

import pytest
from celery.beat import ScheduleEntry

from worker.app import SWEEP, SWEEP_SECONDS, app
from worker.monotonic_scheduler import MonotonicScheduler


class NotingScheduler(MonotonicScheduler):
    """Notes what it would send."""

    sent: list[str]
    producer: Any = None  # nothing is sent: no broker is asked for a connection

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        self.sent.append(str(entry.task))


@pytest.fixture
def scheduler() -> NotingScheduler:
    noting = NotingScheduler(app)
    noting.sent = []
    return noting


@pytest.mark.parametrize("hours", [-24, 0, 24])
def test_it_sends_at_once_and_then_every_so_many_seconds_whatever_the_wall_clock_says(
    scheduler: NotingScheduler, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    wall = time.time()
    assert scheduler.tick() == SWEEP_SECONDS
    monkeypatch.setattr(time, "time", lambda: wall + 3600 * hours)
    clock[0] += SWEEP_SECONDS / 2
    assert scheduler.tick() == SWEEP_SECONDS / 2
    clock[0] += SWEEP_SECONDS / 2
    scheduler.tick()
    assert scheduler.sent == [SWEEP, SWEEP]


def test_the_app_uses_it() -> None:
    assert app.conf.beat_scheduler.endswith(":MonotonicScheduler")
    assert app.conf.beat_schedule["sweep"].keys() == {"task", "schedule"}  # nothing expires by a clock

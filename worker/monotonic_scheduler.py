"""The schedule of tasks: every so many seconds, by a clock that nobody sets, and without a file."""

import time
from typing import Any

from celery.beat import Scheduler


class MonotonicScheduler(Scheduler):
    """Sends each task at once, and then every so many seconds.

    Celery's own waits for the wall clock to reach the next time: set back by a day, it is silent for a day, and says
    nothing. It keeps the last times in a file, which carries that over a restart.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._due: dict[str, float] = {}
        super().__init__(*args, **options)

    def tick(self, *_: Any, **__: Any) -> float:
        """Send what is due; give the seconds until something is again."""
        now = time.monotonic()
        for name, entry in self.schedule.items():
            if now >= self._due.get(name, now):
                interval: Any = entry.schedule  # a number of seconds is made one of celery.schedules
                self._due[name] = now + interval.seconds
                self.apply_entry(entry, producer=self.producer)
        return max(0.0, min(self._due.values(), default=now + 1) - time.monotonic())

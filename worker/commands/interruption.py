"""Makes Ctrl-C count, wherever it meets a long computation."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from db.models import TrainingRun
from db.repository.runs import cancel_run
from db.session import Database
from worker.cnn.progress import Progress, Report


@contextmanager
def interruptible(report: Report) -> Iterator[Report]:
    """Give a report that raises KeyboardInterrupt if Ctrl-C was pressed before; for the main thread only.

    Python raises it where the program happens to be, and a callback from native code, such as TensorFlow's, may
    swallow it there.
    """
    pressed = False

    def remember(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        signal.default_int_handler(number, frame)

    def checked(progress: Progress) -> None:
        if pressed:
            raise KeyboardInterrupt
        report(progress)

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield checked
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def cancelled_by_interrupt(database: Database, run_id: int) -> Iterator[None]:
    """Cancel a training run that Ctrl-C meets before the block has begun it, so that no worker takes it up."""
    try:
        yield
    except KeyboardInterrupt:
        with database.write() as session:
            cancel_run(session, TrainingRun, run_id)
        raise

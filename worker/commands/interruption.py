"""Makes Ctrl-C count, wherever it meets a long computation."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

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

import signal

import pytest

from worker.cnn.progress import Progress, no_report
from worker.commands.interruption import interruptible

STEP = Progress("embedding", 1, 2)


def test_a_swallowed_interrupt_comes_at_the_next_step() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible(no_report) as report:
        report(STEP)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            report(STEP)
    assert signal.getsignal(signal.SIGINT) is before

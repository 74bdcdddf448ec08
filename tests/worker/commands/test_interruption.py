import signal

import pytest

from db.models import RunStatus, TrainingRun
from db.repository.runs import CANCELLED, plan_training_run
from db.session import Database
from worker.cnn.progress import Progress, no_report
from worker.commands.interruption import cancelled_by_interrupt, interruptible

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


def test_a_run_that_is_interrupted_before_it_begins_is_left_to_no_worker(database: Database) -> None:
    with database.write() as session:
        run = plan_training_run(session, "seed_cnn", {}, seed=0)
    with pytest.raises(KeyboardInterrupt), cancelled_by_interrupt(database, run):
        signal.raise_signal(signal.SIGINT)
    with database.read() as session:
        row = session.get_one(TrainingRun, run)
    assert (row.status, row.error) == (RunStatus.FINISHED, CANCELLED)

"""Show the progress of a training run that a worker executes."""

import time

from db.models import RunStatus, TrainingRun
from db.session import Database
from worker.cnn.progress import Progress
from worker.errors import TrainingFailedError
from worker.progress import training_bar

_LOOK_SECONDS = 1


def follow_training(database: Database, run_id: int) -> None:
    """Show a training run's progress until it is finished; Ctrl-C stops the watching, not the training.

    Raises:
        TrainingFailedError: the run made no model version.
    """
    with training_bar() as report:
        while (run := _look(database, run_id)).status is not RunStatus.FINISHED:
            if run.progress:
                report(Progress(**run.progress))
            time.sleep(_LOOK_SECONDS)
    if run.error is not None:
        raise TrainingFailedError(f"training run {run_id} made no model version: {run.error}")


def _look(database: Database, run_id: int) -> TrainingRun:
    with database.read() as session:
        return session.get_one(TrainingRun, run_id)

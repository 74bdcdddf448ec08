"""The heartbeat of a training run: its row shows that it is alive, how far it is, and why it failed."""

import logging
import threading
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from db.errors import RecordsError
from db.models import RunStatus, TrainingRun
from db.repository.runs import beat, begin_run, finish_training_run
from db.session import Database
from worker.cnn.errors import CnnError
from worker.cnn.progress import Progress, Report
from worker.errors import WorkerError
from worker.fleet.health import show_life

logger = logging.getLogger(__name__)

_BEAT_SECONDS: Final = 5

_TAKEN_UP_AGAIN: Final = (SystemExit, OperationalError)
"""A worker that is stopped and a database that is away leave the run to the next worker."""


class Heartbeat:
    """Takes a run up and beats every few seconds while the block lasts; a block that fails finishes the run.

    So no failure is repeated for ever by workers that find the run unfinished. The run is taken up within the
    block: Ctrl-C between the two would leave a run that looks alive.
    """

    def __init__(self, database: Database, run_id: int, report: Report) -> None:
        self._database, self._run_id, self._report = database, run_id, report
        self._progress: dict[str, Any] = {}
        self._is_ours = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._is_ours and error is not None and not isinstance(error, _TAKEN_UP_AGAIN):
            self._finish(error)

    def begin(self, session: Session) -> bool:
        """Take the run up, in the session's transaction, and say whether it is ours; if not, nothing beats."""
        self._is_ours = begin_run(session, TrainingRun, self._run_id)
        if self._is_ours:
            self._thread.start()
        return self._is_ours

    def report(self, progress: Progress) -> None:
        """Take note of a step, for the next beat and for whoever watches."""
        self._progress = {**vars(progress), "metrics": dict(progress.metrics)}
        self._report(progress)

    def _beat(self) -> None:
        while not self._over.wait(_BEAT_SECONDS):
            try:
                with self._database.write() as session:
                    beat(session, TrainingRun, self._run_id, progress=self._progress)
                show_life("training")
            except SQLAlchemyError as error:
                # Training goes on: if the database stays away, the end of the run will say so.
                logger.warning("training run %d could not show that it is alive: %s", self._run_id, error)

    def _finish(self, error: BaseException) -> None:
        with self._database.write() as session:
            run = session.get_one(TrainingRun, self._run_id, with_for_update=True)
            if run.status is not RunStatus.FINISHED:
                finish_training_run(session, self._run_id, error=_describe(error))


def _describe(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) if isinstance(error, WorkerError | CnnError | RecordsError) else repr(error)

"""Execute a training run: examples, network, verdict, activation; the row tells what happened."""

import logging
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any, Self

from sqlalchemy.exc import SQLAlchemyError

from db.image_store import ImageStore
from db.models import Split, TrainingRun
from db.repository.labels import active_version
from db.repository.model_versions import activate, record_model_version
from db.repository.runs import beat, begin_training_run, finish_training_run
from db.session import Database
from db.settings import ROOT, settings
from worker.cnn.config import TrainingConfig
from worker.cnn.errors import CnnError
from worker.cnn.progress import Progress, Report, no_report
from worker.cnn.train import TrainingResult, train_and_evaluate
from worker.errors import NothingToTrainError
from worker.evaluation import accuracy_on
from worker.examples import SplitImage, digest, gather_examples, split_images
from worker.versions import load_classifier

logger = logging.getLogger(__name__)

_BEAT_SECONDS = 5


def train_here(database: Database, store: ImageStore, run_id: int, report: Report) -> None:
    """Execute a planned run in this process; Ctrl-C finishes it, so that no worker takes it up."""
    try:
        run_training(database, store, run_id, report)
    except KeyboardInterrupt:
        with database.write() as session:
            finish_training_run(session, run_id, error="interrupted")
        raise


def run_training(
    database: Database, store: ImageStore, run_id: int, report: Report = no_report
) -> int | None:
    """Execute a training run and return the new model version's id; None if the run is not ours to execute.

    Raises:
        NothingToTrainError: a category has too few labelled pictures; the run is finished with that error.
    """
    with database.write() as session:
        if not begin_training_run(session, run_id):
            logger.info("training run %d is finished or somebody is at it", run_id)
            return None
        config = TrainingConfig.from_dict(session.get_one(TrainingRun, run_id).config)
    with Heartbeat(database, run_id, report) as heartbeat:
        try:
            return _train(database, store, run_id, config, heartbeat.report)
        except (NothingToTrainError, CnnError) as error:
            with database.write() as session:
                finish_training_run(session, run_id, error=str(error))
            raise NothingToTrainError(str(error)) from error


class Heartbeat:
    """Shows every few seconds, while the block lasts, that a training run is alive and how far it is."""

    def __init__(self, database: Database, run_id: int, report: Report) -> None:
        self._database, self._run_id, self._report = database, run_id, report
        self._progress: dict[str, Any] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def report(self, progress: Progress) -> None:
        """Take note of a step, for the next beat and for whoever watches."""
        self._progress = {**vars(progress), "metrics": dict(progress.metrics)}
        self._report(progress)

    def _beat(self) -> None:
        while not self._over.wait(_BEAT_SECONDS):
            try:
                with self._database.write() as session:
                    beat(session, TrainingRun, self._run_id, progress=self._progress)
            except SQLAlchemyError as error:
                # Training goes on: if the database stays away, the end of the run will say so.
                logger.warning("training run %d could not show that it is alive: %s", self._run_id, error)


def _train(database: Database, store: ImageStore, run_id: int, config: TrainingConfig, report: Report) -> int:
    images = split_images(database, config.categories)
    with tempfile.TemporaryDirectory(prefix="vastra-examples-") as folder:
        examples = gather_examples(database, store, config, images, Path(folder))
        result = train_and_evaluate(config, examples, settings().folder / "training", report)
    with database.write() as session:
        run = session.get_one(TrainingRun, run_id)
        run.dataset_digest, run.code_revision = digest(images), code_revision()
        run.history, run.metrics = list(result.history), result.metrics
        version_id = record_model_version(session, run_id, _columns(result))
    if is_no_worse(database, store, version_id, images):
        with database.write() as session:
            activate(session, version_id)
            finish_training_run(session, run_id)
    else:
        with database.write() as session:
            finish_training_run(session, run_id)
    return version_id


def is_no_worse(database: Database, store: ImageStore, candidate_id: int, images: list[SplitImage]) -> bool:
    """Compare a candidate with the active version on the test products and the categories that both know.

    Without an active version, or without a picture to compare on, the candidate is no worse.
    """
    with database.read() as session:
        active = active_version(session)
    if active is None:
        return True
    candidate, current = load_classifier(database, candidate_id), load_classifier(database, active.id)
    both = set(candidate.categories) & set(current.categories)
    test = [each.image for each in images if each.split is Split.TEST and each.image.category in both]
    if not test:
        return True
    new, old = accuracy_on(database, store, candidate, test), accuracy_on(database, store, current, test)
    logger.info("accuracy on %d test pictures: candidate %.4f, active version %.4f", len(test), new, old)
    return new >= old


def code_revision() -> str | None:
    """Name the commit of the checkout; None outside one."""
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - fixed words
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def _columns(result: TrainingResult) -> dict[str, Any]:
    names = (
        "network",
        "temperature",
        "threshold",
        "in_distribution_threshold",
        "metrics",
        "sha256",
        "artefact",
    )
    return {name: getattr(result, name) for name in names} | {"categories": list(result.categories)}

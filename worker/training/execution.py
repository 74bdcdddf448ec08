"""Execute a training run: examples, network, verdict, activation; the row tells what happened."""

import logging
import tempfile
from pathlib import Path
from typing import Any

from db.image_store import ImageStore
from db.models import TrainingRun
from db.repository.runs import begin_run
from db.session import Database
from db.settings import settings
from worker.cnn.config import TrainingConfig
from worker.cnn.progress import Report, no_report
from worker.cnn.serving.classifier import Classifier
from worker.cnn.train import TrainingResult, train_and_evaluate
from worker.training.examples import digest, gather_examples, split_images
from worker.training.gate import is_no_worse
from worker.training.heartbeat import Heartbeat
from worker.training.outcomes import Outcome, record_outcome

logger = logging.getLogger(__name__)


def run_training(
    database: Database, store: ImageStore, run_id: int, report: Report = no_report
) -> int | None:
    """Execute a training run and give the new model version's id; None if the run is not ours to execute.

    A run that fails is finished with its error, and so is one that Ctrl-C ends.

    Raises:
        NothingToTrainError: nothing is labelled.
        CnnError: the network cannot be trained on what is there.
    """
    with database.write() as session:
        if not begin_run(session, TrainingRun, run_id):
            logger.info("training run %d is finished or somebody is at it", run_id)
            return None
        values = session.get_one(TrainingRun, run_id).config
    logger.info("training run %d begins", run_id, extra={"action": "training_began"})
    with Heartbeat(database, run_id, report) as heartbeat:
        return _train(database, store, run_id, TrainingConfig.from_dict(values), heartbeat.report)


def _train(
    database: Database, store: ImageStore, run_id: int, config: TrainingConfig, report: Report
) -> int | None:
    images = split_images(database, config.categories)
    with tempfile.TemporaryDirectory(prefix="vastra-examples-") as folder:
        examples = gather_examples(database, store, config, images, Path(folder))
        result = train_and_evaluate(config, examples, settings().folder / "training", report)
    candidate = Classifier.load(result.flatbuffer or result.artefact, result.specification)
    left_out = sorted(map(int, result.left_out))
    outcome = Outcome(
        columns=_columns(result),
        dataset_digest=digest(images),
        metrics=dict(result.metrics) | {"left_out": left_out},
        is_no_worse=is_no_worse(database, store, candidate, images),
        history=result.history,
    )
    with database.write() as session:
        version_id = record_outcome(session, run_id, outcome)
    if version_id is None:
        return None
    logger.info(
        "training run %d made model version %d", run_id, version_id, extra={"action": "training_finished"}
    )
    if outcome.is_no_worse:
        logger.info("model version %d is active", version_id, extra={"action": "version_activated"})
    return version_id


def _columns(result: TrainingResult) -> dict[str, Any]:
    return result.specification.as_dict() | {
        "metrics": dict(result.metrics),
        "artefact": result.artefact,
        "flatbuffer": result.flatbuffer,
    }

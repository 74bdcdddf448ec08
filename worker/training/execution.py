"""Execute a training run: examples, network, verdict, activation; the row tells what happened."""

import logging
import tempfile
from dataclasses import replace
from pathlib import Path

from db.image_store import ImageStore
from db.models import TrainingRun
from db.queries.review_news import counting_reviews
from db.repository.predictions import record_predictions
from db.rows import in_chunks
from db.session import Database
from db.settings import settings
from worker.cnn.config import INPUT_SHAPES, TrainingConfig
from worker.cnn.progress import Report, no_report
from worker.cnn.serving.classifier import Classifier
from worker.cnn.train import train_and_evaluate
from worker.training.examples import ExampleFormat, digest, gather_examples, split_images
from worker.training.gate import is_no_worse
from worker.training.heartbeat import Heartbeat
from worker.training.outcomes import Outcome, record_outcome, sentence
from worker.training.result_rows import (
    classified_examples,
    record_its_body,
    run_metrics,
    suspects_of,
    version_columns,
)

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
    with Heartbeat(database, run_id, report) as heartbeat:
        with database.write() as session:
            if not heartbeat.begin(session):
                logger.info("training run %d is finished or somebody is at it", run_id)
                return None
            values = session.get_one(TrainingRun, run_id).config
        logger.info("training run %d begins", run_id, extra={"action": "training_began"})
        return _train(database, store, run_id, TrainingConfig.from_dict(values), heartbeat.report)


def _train(
    database: Database, store: ImageStore, run_id: int, config: TrainingConfig, report: Report
) -> int | None:
    with database.read() as session:
        reviews = counting_reviews(session, config.categories)
    images = split_images(database, config.categories)
    made = ExampleFormat(config.categories, INPUT_SHAPES[config.network])
    with tempfile.TemporaryDirectory(prefix="vastra-examples-") as folder:
        examples = gather_examples(database, store, made, images, Path(folder))
        result = train_and_evaluate(config, examples, settings().folder / "training", report)
    head = None if result.embedded is None else result.embedded.head.head
    candidate = Classifier.load(result.flatbuffer or result.artefact, result.specification, head)
    no_worse = is_no_worse(database, store, candidate, images)
    ids = {each.image.sha256: each.image.image_id for each in images}
    outcome = Outcome(
        columns=version_columns(result),
        dataset_digest=digest(images),
        metrics=run_metrics(result) | {"reviews": reviews},
        is_no_worse=no_worse,
        suspects=suspects_of(result),
        history=result.history,
    )
    with database.write() as session:
        columns = dict(outcome.columns) | record_its_body(session, result)
        version_id = record_outcome(session, run_id, replace(outcome, columns=columns))
        if version_id is None:
            return None
        for chunk in in_chunks(classified_examples(result, [ids[key] for key in examples.keys.tolist()])):
            record_predictions(session, version_id, chunk, {})
    logger.info("%s", sentence("trained", version_id, outcome), extra={"action": "training_finished"})
    if no_worse:
        logger.info("model version %d is active", version_id, extra={"action": "version_activated"})
    return version_id

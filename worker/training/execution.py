"""Execute a training run: examples, network, verdict, activation; the row tells what happened."""

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from db.image_store import ImageStore
from db.models import TrainingRun
from db.queries.review_news import counting_reviews
from db.repository.bodies import record_body, record_embeddings
from db.repository.runs import begin_run
from db.repository.suspected_products import SuspectedProduct
from db.session import Database
from db.settings import settings
from worker.cnn.config import INPUT_SHAPES, TrainingConfig
from worker.cnn.progress import Report, no_report
from worker.cnn.serving.classifier import Classifier
from worker.cnn.train import Embedded, TrainingResult, train_and_evaluate
from worker.training.examples import ExampleFormat, digest, gather_examples, split_images
from worker.training.gate import is_no_worse
from worker.training.heartbeat import Heartbeat
from worker.training.outcomes import Outcome, record_outcome, suspected_products

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
    with database.write() as session:
        columns = _columns(result) | _record_body(
            session, result, [ids[key] for key in examples.keys.tolist()]
        )
        outcome = Outcome(
            columns=columns,
            dataset_digest=digest(images),
            metrics=dict(result.metrics) | _learnt(result.embedded) | {"reviews": reviews},
            is_no_worse=no_worse,
            suspects=() if result.embedded is None else _suspects(result.embedded, config),
            history=result.history,
        )
        version_id = record_outcome(session, run_id, outcome)
    if version_id is None:
        return None
    logger.info(
        "training run %d made model version %d", run_id, version_id, extra={"action": "training_finished"}
    )
    if no_worse:
        logger.info("model version %d is active", version_id, extra={"action": "version_activated"})
    return version_id


def _columns(result: TrainingResult) -> dict[str, Any]:
    values = result.specification.as_dict()
    values.pop("views")
    return values | {
        "metrics": dict(result.metrics),
        "artefact": result.artefact,
        "flatbuffer": result.flatbuffer,
    }


def _record_body(session: Session, result: TrainingResult, image_ids: Sequence[int]) -> dict[str, Any]:
    """Keep a body and what it makes of the examples; give the columns of a version that has one."""
    if result.embedded is None:
        return {}
    embeddings, head = result.embedded.embeddings, result.embedded.head.head
    body = {
        "network": result.specification.network,
        "views": result.specification.views,
        "width": embeddings.shape[1],
        "sha256": result.specification.sha256,
        "flatbuffer_sha256": result.specification.flatbuffer_sha256,
        "artefact": result.artefact,
        "flatbuffer": result.flatbuffer,
    }
    body_id = record_body(session, body)
    record_embeddings(
        session,
        body_id,
        {image_id: row.tobytes() for image_id, row in zip(image_ids, embeddings, strict=True)},
    )
    return {"body_id": body_id, "head": head.to_bytes(), "artefact": None, "flatbuffer": None}


def _learnt(embedded: Embedded | None) -> dict[str, Any]:
    if embedded is None:
        return {"left_out": []}
    return {
        "left_out": sorted(map(int, embedded.head.left_out)),
        "weight_decay": embedded.head.weight_decay,
    }


def _suspects(embedded: Embedded, config: TrainingConfig) -> list[SuspectedProduct]:
    return suspected_products(embedded.head.suspicions, config.categories)

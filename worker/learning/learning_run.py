"""Execute a learning run: embeddings, head, verdict, activation; no network runs, and none is loaded."""

import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from db.errors import HeadError
from db.heads import Head
from db.models import ModelVersion, TrainingRun
from db.queries.review_news import counting_reviews
from db.repository.network_labels import read_head
from db.session import Database
from db.states.version_states import active_version
from worker.cnn.heads.head_fitting import FittedHead, fit_head
from worker.cnn.progress import Progress, Report, no_report
from worker.errors import NoModelError, OvertakenError
from worker.learning.gathering import Gathered, gather_embeddings
from worker.learning.head_gate import is_head_no_worse
from worker.learning.learning_config import LearningConfig
from worker.learning.learning_plan import require_body
from worker.training.heartbeat import Heartbeat
from worker.training.outcomes import Outcome, record_outcome, sentence, suspected_products

logger = logging.getLogger(__name__)

STAGE = "learning"
_STEPS = ("read", "fitted", "compared")


def run_learning(database: Database, run_id: int, report: Report = no_report) -> int | None:
    """Execute a learning run and give the new model version's id; None if the run is not ours to execute.

    A run that fails is finished with its error, and so is one that Ctrl-C ends.

    Raises:
        NoModelError, NoBodyError: the active version went away, or has no body.
        NothingToTrainError: nothing is labelled.
        NoEmbeddingsError: no labelled picture has an embedding.
        CnnError: a category has too few products.
        OvertakenError: another version was activated meanwhile.
    """
    with Heartbeat(database, run_id, report) as heartbeat:
        with database.write() as session:
            if not heartbeat.begin(session):
                logger.info("learning run %d is finished or somebody is at it", run_id)
                return None
            run = session.get_one(TrainingRun, run_id)
            config = LearningConfig.from_dict(run.config)
            # Written before anything can fail, so that the schedule tries these reviews once.
            reviews = counting_reviews(session, config.categories)
            run.metrics = {"reviews": reviews}
        logger.info("learning run %d begins", run_id, extra={"action": "learning_began"})
        return _learn(database, run_id, config, reviews, heartbeat.report)


@dataclass(frozen=True)
class _Basis:
    """What is learnt on: the active version, as it was when the run read it.

    Attributes:
        columns: those of a model version that come from its body.
        head: None where it cannot be used, so that any other is no worse.
    """

    version_id: int
    body_id: int
    columns: dict[str, Any]
    head: Head | None


def _learn(
    database: Database, run_id: int, config: LearningConfig, reviews: list[int], report: Report
) -> int | None:
    with database.read() as session:
        basis = _read_basis(session)
    report(Progress(STAGE, 0, len(_STEPS)))
    gathered = gather_embeddings(database, basis.body_id, config)
    report(Progress(STAGE, 1, len(_STEPS)))
    fitted = fit_head(gathered.examples, config.categories, config.target_precision)
    report(Progress(STAGE, 2, len(_STEPS)))
    no_worse = basis.head is None or is_head_no_worse(fitted.head, basis.head, gathered.examples)
    outcome = Outcome(
        columns=basis.columns | _columns(fitted),
        dataset_digest=gathered.digest,
        metrics=_metrics(fitted, gathered) | {"reviews": reviews},
        is_no_worse=no_worse,
        suspects=suspected_products(fitted.suspicions, config.categories),
    )
    with database.write() as session:
        _require_still_active(session, basis)
        version_id = record_outcome(session, run_id, outcome)
    if version_id is None:
        return None
    report(Progress(STAGE, 3, len(_STEPS)))
    logger.info("%s", sentence("learnt", version_id, outcome), extra={"action": "learning_finished"})
    if no_worse:
        logger.info("model version %d is active", version_id, extra={"action": "version_activated"})
    return version_id


def _read_basis(session: Session) -> _Basis:
    version = active_version(session)
    if version is None:
        raise NoModelError("nothing is trained yet: run `python -m worker train`; got 0 active versions")
    body_id = require_body(version)
    columns = {
        "network": version.network,
        "body_id": body_id,
        "sha256": version.sha256,
        "flatbuffer_sha256": version.flatbuffer_sha256,
    }
    return _Basis(version.id, body_id, columns, _usable_head(session, version))


def _usable_head(session: Session, version: ModelVersion) -> Head | None:
    try:
        return read_head(session, version)
    except HeadError as error:
        logger.warning("the active model version %d is replaced, as it cannot be used: %s", version.id, error)
        return None


def _require_still_active(session: Session, basis: _Basis) -> None:
    version = active_version(session)
    if version is None or version.id != basis.version_id:
        raise OvertakenError(
            f"model version {basis.version_id} was learnt on and is active no more: learn again; "
            f"got {'none' if version is None else version.id}"
        )


def _columns(fitted: FittedHead) -> dict[str, Any]:
    head = fitted.head
    return {
        "categories": list(head.categories),
        "temperature": head.temperature,
        "threshold": head.threshold,
        "in_distribution_threshold": head.in_distribution_threshold,
        "metrics": dict(fitted.metrics),
        "head": head.to_bytes(),
    }


def _metrics(fitted: FittedHead, gathered: Gathered) -> dict[str, Any]:
    return dict(fitted.metrics) | {
        "left_out": sorted(map(int, fitted.left_out)),
        "weight_decay": fitted.weight_decay,
        "learnt_from": int(gathered.examples.taught.sum()),
        "without_embedding": gathered.without_embedding,
        "not_drawn": gathered.not_drawn,
    }

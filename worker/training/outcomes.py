"""The end of a run that made a model version: version, suspects, activation and row are one transaction."""

import logging
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from db.models import RunStatus, Split, TrainingRun
from db.repository.model_versions import activate, record_model_version
from db.repository.runs import finish_training_run
from db.repository.suspected_products import SuspectedProduct, record_suspects
from db.settings import ROOT
from worker.cnn.heads.suspect_labels import Suspicion

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What training or learning has made.

    Attributes:
        columns: of the model version.
        dataset_digest: of the pictures, their labels and splits.
        metrics: of the run.
        is_no_worse: whether the version passed the gate, and becomes the active one.
        suspects: the products whose label is probably wrong.
        history: the figures of each epoch; learning has none.
    """

    columns: Mapping[str, Any]
    dataset_digest: str
    metrics: Mapping[str, Any]
    is_no_worse: bool
    suspects: Sequence[SuspectedProduct] = ()
    history: Sequence[Any] = ()


def record_outcome(session: Session, run_id: int, outcome: Outcome) -> int | None:
    """Record the version, activate it if it is no worse, and finish the run; give the version's id.

    Whoever is killed before the transaction ends has done nothing. None if somebody else has finished the run.
    """
    run = session.get_one(TrainingRun, run_id, with_for_update=True)
    if run.status is RunStatus.FINISHED:
        logger.warning("training run %d was finished by somebody else meanwhile", run_id)
        return None
    run.dataset_digest, run.code_revision = outcome.dataset_digest, code_revision()
    run.history, run.metrics = list(outcome.history), dict(outcome.metrics)
    version_id = record_model_version(session, run_id, outcome.columns)
    record_suspects(session, version_id, outcome.suspects)
    if outcome.is_no_worse:
        activate(session, version_id)
    finish_training_run(session, run_id)
    return version_id


def sentence(verb: str, version_id: int, outcome: Outcome) -> str:
    """Say what was made: `trained version 3: 0.931 right on 120 test pictures; it is active`."""
    test = outcome.metrics.get(Split.TEST) or {}
    right = f"{test['accuracy']:.3f} right on {test['pictures']} test pictures" if test else "not tested"
    gate = "it is active" if outcome.is_no_worse else "it is worse than the active version, which stays"
    return f"{verb} version {version_id}: {right}; {gate}"


def suspected_products(suspicions: Sequence[Suspicion], categories: Sequence[str]) -> list[SuspectedProduct]:
    """Turn what a fitted head suspects into what the records keep; the products' names are their ids."""
    return [
        SuspectedProduct(
            product_id=int(each.product),
            category=categories[each.label],
            reviewed=each.reviewed,
            probability=each.probability,
            suggestion=categories[each.suggestion],
            suggestion_probability=each.suggestion_probability,
            left_out=each.left_out,
        )
        for each in suspicions
    ]


def code_revision() -> str | None:
    """Name the commit of the checkout; None outside one."""
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - fixed words
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()

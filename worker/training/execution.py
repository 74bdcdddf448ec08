"""Execute a training run: examples, network, verdict, activation; the row tells what happened."""

import logging
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from db.image_store import ImageStore
from db.models import RunStatus, Split, TrainingRun
from db.repository.labels import active_version
from db.repository.model_versions import activate, record_model_version
from db.repository.runs import begin_run, finish_training_run
from db.session import Database
from db.settings import ROOT, settings
from worker.classifying.loaded_versions import load_classifier
from worker.cnn.config import TrainingConfig
from worker.cnn.errors import ArtefactError
from worker.cnn.figures.intervals import mcnemar_p_value
from worker.cnn.progress import Report, no_report
from worker.cnn.serving.classifier import Classifier
from worker.cnn.train import TrainingResult, train_and_evaluate
from worker.evaluating.evaluation import products_told
from worker.training.examples import SplitImage, digest, gather_examples, split_images
from worker.training.heartbeat import Heartbeat

logger = logging.getLogger(__name__)

_FEWEST_PRODUCTS: Final = 30
_SIGNIFICANCE: Final = 0.05
"""The p-value of McNemar's test from which a loss is taken for chance, on at least so many test products."""


def run_training(
    database: Database, store: ImageStore, run_id: int, report: Report = no_report
) -> int | None:
    """Execute a training run and return the new model version's id; None if the run is not ours to execute.

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
    better = is_no_worse(database, store, candidate, images)
    # Version, verdict and end of the run are one transaction: whoever is killed before it has done nothing.
    with database.write() as session:
        run = session.get_one(TrainingRun, run_id, with_for_update=True)
        if run.status is RunStatus.FINISHED:
            logger.warning("training run %d was finished by somebody else meanwhile", run_id)
            return None
        run.dataset_digest, run.code_revision = digest(images), code_revision()
        left_out = sorted(map(int, result.left_out))
        run.history, run.metrics = list(result.history), dict(result.metrics) | {"left_out": left_out}
        version_id = record_model_version(session, run_id, _columns(result))
        if better:
            activate(session, version_id)
        finish_training_run(session, run_id)
    logger.info(
        "training run %d made model version %d", run_id, version_id, extra={"action": "training_finished"}
    )
    if better:
        logger.info("model version %d is active", version_id, extra={"action": "version_activated"})
    return version_id


def is_no_worse(
    database: Database, store: ImageStore, candidate: Classifier, images: list[SplitImage]
) -> bool:
    """Compare a candidate with the active version on the test products and the categories that both know.

    It is worse if it has fewer products right, and McNemar's exact test says that this is no chance; on fewer
    than 30 products, which could hardly convince the test, it is worse if it has fewer right at all. Without an
    active version that can be loaded, or a product to compare on, the candidate is no worse.
    """
    with database.read() as session:
        active = active_version(session)
    if active is None:
        return True
    try:
        current = load_classifier(database, active.id)
    except ArtefactError as error:
        logger.warning("the active model version %d is replaced, as it cannot be used: %s", active.id, error)
        return True
    both = set(candidate.specification.categories) & set(current.specification.categories)
    test = [each.image for each in images if each.split is Split.TEST and each.image.category in both]
    new, old = products_told(database, store, candidate, test), products_told(database, store, current, test)
    won = sum(right and not old.get(product) for product, right in new.items())
    lost = sum(right and not new.get(product) for product, right in old.items())
    p_value = mcnemar_p_value(won, lost)
    logger.info(
        "of %d test products the candidate alone has %d right, the active version alone %d; p = %.4f",
        len(new), won, lost, p_value,
    )  # fmt: skip
    return won >= lost or (len(new) >= _FEWEST_PRODUCTS and p_value >= _SIGNIFICANCE)


def code_revision() -> str | None:
    """Name the commit of the checkout; None outside one."""
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - fixed words
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def _columns(result: TrainingResult) -> dict[str, Any]:
    return result.specification.as_dict() | {
        "metrics": dict(result.metrics),
        "artefact": result.artefact,
        "flatbuffer": result.flatbuffer,
    }

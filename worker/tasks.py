"""The tasks: read, call, write. TensorFlow is loaded inside them, never before."""

from typing import Any

from celery import Task
from celery.utils.log import get_task_logger
from kombu.exceptions import OperationalError as BrokerUnreachable
from sqlalchemy.exc import OperationalError as DatabaseUnreachable

from db.errors import SettingsError
from db.image_store import open_image_store
from db.messages import CLASSIFY_IMAGES
from db.session import open_database
from worker.app import CRAWL_SLICE, LEARN_HEAD, PROBE, RELABEL, SWEEP, TRAIN_MODEL, app
from worker.classifying.classified_count import ClassifiedCount
from worker.cnn.errors import CnnError
from worker.crawling.spider_process import crawl_slice as crawl
from worker.errors import BrokerError, NothingToTrainError, WorkerError
from worker.fleet.sweeps import is_due
from worker.learning.relabel_loop import relabel_for
from worker.schedule import sweep as sweep_records

logger = get_task_logger(__name__)

_CLASSIFIED = ClassifiedCount()


class CheckedTask(Task[Any, Any]):
    """A task whose messages are looked at before they are believed."""

    Request = "worker.task_requests:CheckedRequest"


class DatabaseTask(CheckedTask):
    """A task that is tried again when the database does not answer, and for no other error."""

    autoretry_for = (DatabaseUnreachable,)
    retry_backoff = True
    retry_backoff_max = 20  # seconds; a longer delay would outlast the visibility timeout
    max_retries = 10


@app.task(name=CLASSIFY_IMAGES, base=DatabaseTask)
def classify_images(image_ids: list[int]) -> None:
    """Classify those of the images that are pending; safe to run twice."""
    from worker.classifying.claims import classify_batch  # noqa: PLC0415 - TensorFlow is loaded in the task

    classified = classify_batch(open_database(), open_image_store(), image_ids)
    logger.info(
        "classified %d of the %d images of a message",
        classified,
        len(image_ids),
        extra={"action": "images_classified"},
    )
    _CLASSIFIED.add(open_database(), classified)


@app.task(name=TRAIN_MODEL, base=DatabaseTask)
def train_model(training_run_id: int) -> None:
    """Execute a training run, unless it is finished or somebody is at it."""
    from worker.training.execution import run_training  # noqa: PLC0415 - TensorFlow is loaded in the task

    try:
        run_training(open_database(), open_image_store(), training_run_id)
    except (NothingToTrainError, CnnError) as error:
        logger.error(  # noqa: TRY400 - the row has it
            "training run %d made no model version: %s",
            training_run_id,
            error,
            extra={"action": "training_failed"},
        )


@app.task(name=LEARN_HEAD, base=DatabaseTask)
def learn_head(training_run_id: int) -> None:
    """Execute a learning run, unless it is finished or somebody is at it, and relabel by what it made."""
    from worker.learning.learning_run import run_learning  # noqa: PLC0415 - SciPy is loaded in the task

    try:
        run_learning(open_database(), training_run_id)
    except (WorkerError, CnnError) as error:
        logger.error(  # noqa: TRY400 - the row has it
            "learning run %d made no model version: %s",
            training_run_id,
            error,
            extra={"action": "learning_failed"},
        )
    relabel_for(open_database())


@app.task(name=RELABEL, base=DatabaseTask)
def relabel() -> None:
    """Relabel products by the active version for some seconds; the schedule sees what is left."""
    relabel_for(open_database())


@app.task(name=CRAWL_SLICE, base=DatabaseTask)
def crawl_slice(crawl_run_id: int) -> None:
    """Crawl a slice in a process of its own, unless it is finished or somebody is at it."""
    crawl(open_database(), crawl_run_id)


@app.task(name=SWEEP, base=CheckedTask)
def sweep() -> None:
    """Send again whatever nobody is working on; the next look comes in seconds, so trouble is only logged."""
    try:
        if is_due():
            sweep_records(open_database())
            _CLASSIFIED.tell(open_database())
    except (SettingsError, BrokerError, BrokerUnreachable, DatabaseUnreachable) as error:
        logger.warning("could not look after the queue: %s", error, extra={"action": "sweep_failed"})


@app.task(name=PROBE, base=CheckedTask)
def probe() -> None:
    """Do nothing: that it was consumed at all is the sign of life."""

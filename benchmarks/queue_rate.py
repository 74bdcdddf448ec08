"""Images a second through the queue and the records, beside the same classifier called directly.

    python -m benchmarks.queue_rate [--images N | --photos DIR] [--rounds N]

All ways read the same bytes of the same pictures and use the same network, which is trained first, in a few
seconds. Directly: decode and classify in one process, chunk after chunk, nothing is written. Through the queue:
from enqueueing until the last prediction is recorded, by one worker of `python -m worker run` that has loaded
the network before. Naive: one message, one `model.predict` and one transaction an image, on some of the images.
The rounds alternate, so that a busy machine slows all.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import delete, func, select

from benchmarks.naive_worker import QUEUE, classify_image
from db.broker import broker_url
from db.categories import load_categories
from db.datasets.importing import find_photos, import_photos
from db.image_store import ImageStore
from db.messages import BATCH_SIZE
from db.models import Embedding, Image, ModelVersion, Prediction
from db.queries.pending import count_pending
from db.repository.runs import plan_training_run
from db.session import Database, open_database
from db.settings import ROOT, settings
from demo.drawing.garments import draw_garment
from tests.factories import copy_version
from worker.app import app
from worker.classifying.decoding import decoded_images
from worker.classifying.loaded_versions import load_classifier, require_version
from worker.classifying.prefetching import one_ahead
from worker.cnn.config import TrainingConfig
from worker.fleet.queue import enqueue_pending
from worker.fleet.waiting import wait_until
from worker.training.execution import run_training

STORE = ImageStore("db:")
LONGEST_ROUND_SECONDS = 1800
NAIVE_IMAGES = 60
console = Console()


def main(
    images: Annotated[int, typer.Option(help="Garments to draw.", min=60)] = 600,
    photos: Annotated[
        Path | None, typer.Option(help="Photos in folders named after categories, in place of drawings.")
    ] = None,
    rounds: Annotated[int, typer.Option(help="Of each way.", min=1)] = 3,
) -> None:
    """Measure both ways in turns, in records of the benchmark's own, and print a table."""
    with tempfile.TemporaryDirectory(prefix="vastra-") as folder:
        os.environ |= {"VASTRA_FOLDER": folder, "DATABASE_URL": f"sqlite:///{folder}/vastra.sqlite3"}
        for name in ("CELERY_BROKER_URL", "IMAGE_STORE"):
            os.environ.pop(name, None)
        settings.cache_clear()
        database = open_database()
        fill(database, photos or draw(Path(folder, "drawings"), images))
        train(database)
        worker = ("worker", "run")
        naive = ("celery", "-A", "benchmarks.naive_worker", "worker", "--pool", "solo", "-Q", QUEUE)
        with running(*worker):
            wait_until_classified(database)  # by the schedule: broker and network are there then
            with running(*naive):
                measure(database, copy_version(database), rounds)
        database.close()


def draw(folder: Path, images: int) -> Path:
    """Draw so many garments, as many of each category, into folders named after them."""
    categories = load_categories()
    for category in categories:
        (folder / category.name).mkdir(parents=True)
        for index in range(images // len(categories)):
            draw_garment(category.name, 0, index).save(folder / category.name / f"{index}.jpg", quality=85)
    return folder


def fill(database: Database, folder: Path) -> None:
    """Import a folder's photos."""
    found = find_photos(folder, load_categories())
    for _ in import_photos(database, STORE, found.photos, "benchmark"):
        pass


def train(database: Database) -> None:
    """Train on the drawings, and forget what the body has made of them, so that all is pending."""
    config = TrainingConfig.default(tuple(category.name for category in load_categories()))
    with database.write() as session:
        run_id = plan_training_run(session, config.network, config.as_dict(), config.seed)
    version_id = run_training(database, STORE, run_id)
    assert version_id is not None
    forget(database, version_id)


def forget(database: Database, version_id: int) -> None:
    """Take away what a model version has made of images: those are pending again, if it is active."""
    with database.write() as session:
        session.execute(delete(Prediction).where(Prediction.model_version_id == version_id))
        body_id = session.get_one(ModelVersion, version_id).body_id
        session.execute(delete(Embedding).where(Embedding.body_id == body_id))


@contextmanager
def running(*module: str) -> Iterator[None]:
    """Run a module with its arguments beside the block."""
    with Path(settings().folder, f"{module[0]}.log").open("wb") as log:
        worker = subprocess.Popen([sys.executable, "-m", *module], cwd=ROOT, stdout=log, stderr=log)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def measure(database: Database, naive_version: int, rounds: int) -> None:
    """Warm all ways up, then take them in turns."""
    ids = classifiable(database)
    app.conf.update(broker_url=broker_url())
    ways: dict[str, tuple[Callable[[list[int]], None], list[int]]] = {
        "classifier called directly": (partial(direct, database), ids),
        "queue, records, one worker": (partial(through_queue, database), ids),
        "naive worker": (partial(naively, database, naive_version), ids[:NAIVE_IMAGES]),
    }
    rates: dict[str, list[float]] = {way: [] for way in ways}
    direct(database, ids[:BATCH_SIZE])
    naively(database, naive_version, ids[:2])
    for _ in range(rounds):
        for way, (take, images) in ways.items():
            started = time.perf_counter()
            take(images)
            rates[way].append(len(images) / (time.perf_counter() - started))
    report(len(ids), rates)


def classifiable(database: Database) -> list[int]:
    """List the images that nothing excludes."""
    with database.read() as session:
        return list(session.scalars(select(Image.id).where(Image.reason.is_(None)).order_by(Image.id)))


def direct(database: Database, ids: list[int]) -> None:
    """Classify the images in this process, and write nothing."""
    with database.read() as session:
        classifier = load_classifier(database, require_version(session).id)
    shape = classifier.specification.input_shape
    with closing(one_ahead(decoded_images(database, STORE, ids, shape))) as chunks:
        for decoded in chunks:
            classifier.classify(decoded.pictures)


def through_queue(database: Database, ids: list[int]) -> None:
    """Make all images pending, send them, and wait for the last prediction."""
    with database.read() as session:
        active = require_version(session).id
    forget(database, active)
    with database.read() as session:
        enqueue_pending(session)
    wait_until_classified(database)
    assert (recorded := count_predictions(database, active)) == len(ids), f"{recorded} of {len(ids)} images"


def naively(database: Database, version_id: int, ids: list[int]) -> None:
    """Send a message an image to the naive worker, and wait for the last prediction."""
    forget(database, version_id)
    for image_id in ids:
        classify_image.apply_async((version_id, image_id))

    def is_done() -> bool:
        return count_predictions(database, version_id) == len(ids)

    assert wait_until(is_done, LONGEST_ROUND_SECONDS), "the naive worker did not classify everything"


def count_predictions(database: Database, version_id: int) -> int:
    """Count what a model version has predicted."""
    theirs = select(func.count(Prediction.id)).where(Prediction.model_version_id == version_id)
    with database.read() as session:
        return session.scalar(theirs) or 0


def wait_until_classified(database: Database) -> None:
    """Wait until nothing is pending."""

    def is_done() -> bool:
        with database.read() as session:
            return count_pending(session) == 0

    assert wait_until(is_done, LONGEST_ROUND_SECONDS), "the worker did not classify everything"


def report(images: int, rates: dict[str, list[float]]) -> None:
    """Print images a second by way: the median round and the extremes."""
    table = Table("way", "images/s", "slowest", "fastest", title=f"{images} images, batches of {BATCH_SIZE}")
    for way, theirs in rates.items():
        figures = (statistics.median(theirs), min(theirs), max(theirs))
        table.add_row(way, *(f"{rate:.1f}" for rate in figures))
    console.print(table)
    console.print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    typer.run(main)

"""Images a second through the queue and the records, beside the same classifier called directly.

    python -m benchmarks.queue_rate [--images N | --photos DIR] [--rounds N]

Both ways read the same bytes of the same pictures and use the same model version, which is trained first, in a
few seconds. Directly: decode and classify in one process, batch after batch, nothing is written. Through the
queue: from enqueueing until the last prediction is recorded, by one worker of `python -m worker run` that has
loaded the network before. The rounds alternate, so that a busy machine slows both.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import delete, func, select

from db.categories import load_categories
from db.image_store import ImageStore
from db.importing import find_photos, import_photos
from db.messages import BATCH_SIZE, broker_url
from db.models import Image, Prediction
from db.queries.pending import count_pending
from db.repository.rows import in_chunks
from db.repository.runs import plan_training_run
from db.session import Database, open_database
from db.settings import ROOT, settings
from demo.garments import draw_garment
from worker.app import app
from worker.cnn.config import NetworkName, TrainingConfig
from worker.decoding import decode_pictures
from worker.queue import enqueue_pending
from worker.training import run_training
from worker.versions import load_classifier, require_version
from worker.waiting import wait_until

STORE = ImageStore("db:")
LONGEST_ROUND_SECONDS = 1800
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
        with running_worker():
            measure(database, rounds)
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
    """Train for a few seconds: how right the labels are does not matter here, only that they cost the same."""
    names = tuple(category.name for category in load_categories())
    config = TrainingConfig(NetworkName.EFFICIENTNET_LITE0, names, epochs=3, weight_decays=(1e-3,))
    with database.write() as session:
        run_id = plan_training_run(session, config.network, config.as_dict(), config.seed)
    run_training(database, STORE, run_id)


@contextmanager
def running_worker() -> Iterator[None]:
    """Run broker, workers and schedule beside the block."""
    with Path(settings().folder, "worker.log").open("wb") as log:
        worker = subprocess.Popen([sys.executable, "-m", "worker", "run"], cwd=ROOT, stdout=log, stderr=log)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def measure(database: Database, rounds: int) -> None:
    """Warm both ways up, then take them in turns."""
    ids = classifiable(database)
    wait_until_classified(database)  # by the schedule: the worker has loaded the network then
    app.conf.update(broker_url=broker_url())
    direct(database, ids[:BATCH_SIZE])
    seconds: dict[str, list[float]] = {"classifier called directly": [], "queue, records, one worker": []}
    for _ in range(rounds):
        for way, take in zip(seconds, (direct, through_queue), strict=True):
            started = time.perf_counter()
            take(database, ids)
            seconds[way].append(time.perf_counter() - started)
    report(len(ids), seconds)


def classifiable(database: Database) -> list[int]:
    """List the images that nothing excludes."""
    with database.read() as session:
        return list(session.scalars(select(Image.id).where(Image.reason.is_(None)).order_by(Image.id)))


def direct(database: Database, ids: list[int]) -> None:
    """Classify the images in this process, and write nothing."""
    with database.read() as session:
        classifier = load_classifier(database, require_version(session).id)
        for batch in in_chunks(ids, BATCH_SIZE):
            decoded = decode_pictures(STORE.read(session, batch), classifier.specification.network)
            classifier.classify(decoded.pictures)


def through_queue(database: Database, ids: list[int]) -> None:
    """Make all images pending, send them, and wait for the last prediction."""
    with database.write() as session:
        session.execute(delete(Prediction))
    with database.read() as session:
        enqueue_pending(session)
    wait_until_classified(database)
    with database.read() as session:
        recorded = session.scalar(select(func.count(Prediction.id)))
    assert recorded == len(ids), f"{recorded} predictions of {len(ids)} images"


def wait_until_classified(database: Database) -> None:
    """Wait until nothing is pending."""

    def is_done() -> bool:
        with database.read() as session:
            return count_pending(session) == 0

    assert wait_until(is_done, LONGEST_ROUND_SECONDS), "the worker did not classify everything"


def report(images: int, seconds: dict[str, list[float]]) -> None:
    """Print images a second by way: the median round and the extremes."""
    table = Table("way", "images/s", "slowest", "fastest", title=f"{images} images, batches of {BATCH_SIZE}")
    for way, rounds in seconds.items():
        rates = sorted(images / each for each in rounds)
        table.add_row(way, *(f"{rate:.1f}" for rate in (statistics.median(rates), rates[0], rates[-1])))
    console.print(table)
    console.print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    typer.run(main)

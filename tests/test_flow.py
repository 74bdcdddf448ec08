"""The whole job on real photographs: shop, spider, records, queue, workers, network, labels."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from db.models import CrawlRun, Image, ModelVersion, Prediction, Product, ProductImage, RunStatus, TrainingRun
from db.queries.pending import count_pending
from db.repository.model_versions import activate
from db.session import Database
from demo.shop.demo_shop import DemoShop, ShopConfig
from tests.conftest import ROOT, migrate
from tests.factories import copy_version
from tests.processes import PATIENCE_SECONDS, child, is_living
from worker.fleet.waiting import wait_until

# The first one to run waits for the crawl, the training and the labels.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

TRAINING_SECONDS = 600
"""The longest that a test waits for the training: over a minute's work for a processor that others use, too."""

TRAIN_AFTER = 27
PRODUCTS = 30
"""Of each category: a little more than the worker is told to wait for before it trains by itself."""

LEAST_ACCURACY = 0.7
"""Of the likeliest category against what the shop knows; labels that are claimed have to be better."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="vastra-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def environment(folder: Path) -> dict[str, str]:
    others = {k: v for k, v in os.environ.items() if k not in {"CELERY_BROKER_URL", "IMAGE_STORE"}}
    records = f"sqlite:///{folder / 'vastra.sqlite3'}"
    ours = {"VASTRA_FOLDER": str(folder), "DATABASE_URL": records, "VASTRA_TRAIN_AFTER": str(TRAIN_AFTER)}
    return others | ours


@pytest.fixture(scope="module")
def truth(shared_photos: Path, folder: Path, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Crawl the demo shop while the worker is running, and wait until all is labelled; ASIN to category."""
    migrate(environment["DATABASE_URL"])
    config = ShopConfig(photos=shared_photos, products=PRODUCTS)
    with DemoShop(config) as shop, running_worker(folder, environment):
        crawl = subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "amazon_clothing", "-a", f"base_url={shop.base_url}"],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert crawl.returncode == 0, crawl.stderr
        database = Database(environment["DATABASE_URL"])
        assert wait_until(lambda: is_trained(database), TRAINING_SECONDS, every=0.5), words(folder)
        assert wait_until(lambda: pending(database) == 0, PATIENCE_SECONDS, every=0.5), words(folder)
        database.close()
        yield {product.asin: product.category for product in shop.catalogue.products}


@pytest.fixture
def records(environment: dict[str, str]) -> Iterator[Database]:
    database = Database(environment["DATABASE_URL"])
    yield database
    database.close()


@contextmanager
def running_worker(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "worker", "run"],
            cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    (folder / "worker-pid").write_text(str(worker.pid))
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def words(folder: Path) -> str:
    return (folder / "log").read_text()[-20_000:]


def is_trained(database: Database) -> bool:
    with database.read() as session:
        run = session.scalars(select(TrainingRun)).one_or_none()
        return run is not None and run.status is RunStatus.FINISHED


def pending(database: Database) -> int:
    with database.read() as session:
        return count_pending(session)


def done_by(database: Database, version: int) -> int:
    with database.read() as session:
        theirs = select(func.count(Prediction.id)).where(Prediction.model_version_id == version)
        return session.scalar(theirs) or 0


def is_in_the_midst(database: Database, version: int, total: int) -> bool:
    """Whether some images have been predicted by a version, and a classifier holds others."""
    with database.read() as session:
        held = session.scalar(select(func.count(Image.id)).where(Image.leased_until.is_not(None))) or 0
    return held > 0 and 0 < done_by(database, version) < total


def test_the_crawl_stores_every_product_of_the_shop_with_its_picture(
    truth: dict[str, str], records: Database
) -> None:
    with records.read() as session:
        run = session.scalars(select(CrawlRun)).one()
        products = session.scalars(select(Product)).all()
        images = session.scalar(select(func.count(Image.id)))
    assert run.status is RunStatus.FINISHED
    assert {product.asin for product in products} == set(truth)
    listed = [product for product in products if product.listed_category is not None]
    assert all(truth[product.asin] == product.listed_category for product in listed)
    assert len(listed) > 0.9 * len(products)
    assert images is not None
    assert images >= 0.95 * len(products)


def test_the_worker_trains_once_by_itself_and_its_version_is_active(
    truth: dict[str, str], records: Database
) -> None:
    assert truth
    with records.read() as session:
        run = session.scalars(select(TrainingRun)).one()
        version = session.scalars(select(ModelVersion)).one()
    assert run.error is None
    assert version.active


def test_every_product_is_labelled_or_uncertain_and_the_labels_are_mostly_right(
    truth: dict[str, str], records: Database
) -> None:
    with records.read() as session:
        products = session.scalars(select(Product)).all()
        rows = session.execute(
            select(Product.asin, Prediction.probabilities)
            .join(ProductImage, ProductImage.product_id == Product.id)
            .join(Prediction, Prediction.image_id == ProductImage.image_id)
        ).all()
    assert all(product.uncertain is not None for product in products)
    likeliest = [(asin, max(shares, key=shares.__getitem__)) for asin, shares in rows]
    right = sum(truth[asin] == category for asin, category in likeliest)
    assert right > LEAST_ACCURACY * len(likeliest)
    claimed = [product for product in products if product.category is not None]
    assert sum(truth[product.asin] == product.category for product in claimed) > 0.8 * len(claimed)


def test_a_classifier_that_is_killed_in_the_midst_of_its_work_loses_nothing_and_doubles_nothing(
    truth: dict[str, str], records: Database, folder: Path
) -> None:
    assert truth
    second = copy_version(records)
    with records.write() as session:
        activate(session, second)
        total = count_pending(session)
    supervisor = int((folder / "worker-pid").read_text())
    assert wait_until(lambda: is_in_the_midst(records, second, total), PATIENCE_SECONDS, every=0.02), words(
        folder
    )
    classifier = child(supervisor, "--queues classify")
    assert classifier is not None
    os.kill(classifier, signal.SIGKILL)
    assert wait_until(lambda: not is_living(classifier), PATIENCE_SECONDS)
    assert wait_until(lambda: pending(records) == 0, PATIENCE_SECONDS, every=0.5), words(folder)
    with records.read() as session:
        images = session.scalars(select(Image)).all()
        predicted = session.scalars(
            select(Prediction.image_id).where(Prediction.model_version_id == second)
        ).all()
        labels = set(session.scalars(select(Product.label_version_id)))
    assert Counter(predicted) == Counter(image.id for image in images if image.reason is None)
    assert {(image.attempts, image.leased_until) for image in images} == {(0, None)}
    assert labels == {second}

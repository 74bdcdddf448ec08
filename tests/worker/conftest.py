"""A folder, a broker and a trained model version for the tests of the worker: all of them real."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import delete, event, update
from sqlalchemy.orm import Session

from db.messages import CLASSIFY_QUEUE, CRAWL_QUEUE, LEARN_QUEUE, RENDER_QUEUE, TRAIN_QUEUE
from db.models import Embedding, Prediction, Product
from db.pictures.decoder import check_picture
from db.repository.found_products import FoundPicture
from db.repository.labels import Label
from db.repository.relabelling import relabel_some
from db.repository.runs import plan_training_run
from db.session import Database
from db.settings import settings
from tests.conftest import migrate, one_at_a_time
from tests.factories import CATEGORIES, STORE, drawing, encoded, product, save
from worker.app import app
from worker.cnn.config import NetworkName, TrainingConfig
from worker.fleet.embedded_broker import EmbeddedBroker

PRODUCTS = 16
"""Of each category: enough for every split to have some of each."""

SHORT_TRAINING = TrainingConfig(
    NetworkName.EFFICIENTNET_LITE0,
    tuple(category.name for category in CATEGORIES),
)

_TINTS = {"saree": "red", "jeans": "blue", "trousers": "khaki"}


@pytest.fixture(scope="session", autouse=True)
def own_folder() -> Iterator[Path]:
    """A folder for what the worker keeps, in place of the user's own `var/`; short, for the socket in it."""
    folder = Path(tempfile.mkdtemp(prefix="vastra-"))
    kept = {name: os.environ.pop(name, None) for name in ("CELERY_BROKER_URL", "DATABASE_URL", "IMAGE_STORE")}
    kept["VASTRA_FOLDER"] = os.environ.get("VASTRA_FOLDER")
    os.environ["VASTRA_FOLDER"] = str(folder)
    settings.cache_clear()
    yield folder
    os.environ.pop("VASTRA_FOLDER")
    os.environ.update({name: value for name, value in kept.items() if value is not None})
    settings.cache_clear()
    shutil.rmtree(folder)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder of the test's own whose path leaves room for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="vastra-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def broker_of_session(own_folder: Path) -> Iterator[str]:
    """A running broker, which the worker's app uses from now on."""
    broker = EmbeddedBroker(own_folder)
    address = broker.start()
    app.conf.update(broker_url=address)
    yield address
    app.close()
    broker.stop()


@pytest.fixture
def broker(broker_of_session: str) -> Iterator[str]:
    """The address of a running broker; the test's messages are dropped at its end."""
    yield broker_of_session
    with app.connection_for_write() as connection:
        for queue in (CLASSIFY_QUEUE, LEARN_QUEUE, CRAWL_QUEUE, RENDER_QUEUE, TRAIN_QUEUE):
            app.amqp.queues[queue](connection.default_channel).purge()


def garment(category: str, seed: int) -> bytes:
    """A picture whose colour tells its category; no two look alike."""
    tint = Image.new("RGB", (96, 128), _TINTS[category])
    return encoded(Image.blend(drawing(seed, tint.size), tint, 0.6), "PNG")


def save_garments(database: Database, category: str, seeds: range) -> list[int]:
    """Save a product for each seed, with one picture of the category; the ids of their images."""
    found = []
    for seed in seeds:
        data = garment(category, seed)
        shown = FoundPicture(f"https://shop.test/{category}/{seed}.png", 0, check_picture(data), data)
        found.append(product(f"{category}{seed}", shown, found_in=category))
    return save(database, *found)


def plan(database: Database, config: TrainingConfig = SHORT_TRAINING) -> int:
    """Plan a training that takes seconds; the training run's id."""
    with database.write() as session:
        return plan_training_run(session, config.network, config.as_dict(), config.seed)


@contextmanager
def interrupted_at_commit() -> Iterator[None]:
    """Press Ctrl-C as soon as the next transaction has been committed."""

    def press(_session: Session) -> None:
        event.remove(Session, "after_commit", press)
        signal.raise_signal(signal.SIGINT)

    event.listen(Session, "after_commit", press)
    try:
        yield
    finally:
        if event.contains(Session, "after_commit", press):
            event.remove(Session, "after_commit", press)


@pytest.fixture(scope="session")
def trained_file(own_folder: Path, folder_of_run: Path) -> Path:  # noqa: ARG001 - training keeps checkpoints
    """A SQLite file with labelled garments and an active model version that has predicted none of them."""
    path = folder_of_run / "trained.sqlite3"
    with one_at_a_time(path.with_suffix(".lock")):
        if not path.exists():
            train(path.with_name("training.sqlite3")).rename(path)
    return path


def train(path: Path) -> Path:
    """Make the records of `trained_file`."""
    from worker.training.execution import run_training  # noqa: PLC0415 - TensorFlow takes seconds

    migrate(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}")
    for number, category in enumerate(CATEGORIES):
        save_garments(database, category.name, range(100 * number, 100 * number + PRODUCTS))
    assert run_training(database, STORE, plan(database)) == 1
    forget_what_was_seen(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


def forget_what_was_seen(database: Database) -> None:
    """Take away what training has made of its pictures, and their labels, so that all is pending."""
    finish_relabelling(database)
    with database.write() as session:
        session.execute(delete(Prediction))
        session.execute(delete(Embedding))
        unclassified = dict.fromkeys([*Label._fields, "classified_at"])
        session.execute(update(Product).values(unclassified))


def finish_relabelling(database: Database) -> None:
    """Relabel all products by the active version, as the schedule sees to it."""
    while relabel_some(database) is not None:
        pass


@pytest.fixture(scope="session")
def database_of_session(own_folder: Path) -> Database:
    """One object for all tests, since the loaded classifier is kept for it."""
    return Database(f"sqlite:///{own_folder / 'records.sqlite3'}")


@pytest.fixture
def trained(trained_file: Path, database_of_session: Database) -> Iterator[Database]:
    """The records of `trained_file`, fresh for each test."""
    path = Path(database_of_session.engine.url.database or "")
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    shutil.copy(trained_file, path)
    yield database_of_session
    database_of_session.close()


@pytest.fixture
def environment(short_folder: Path) -> dict[str, str]:
    """The environment of a user with a folder of their own and the embedded broker."""
    others = {k: v for k, v in os.environ.items() if k not in {"CELERY_BROKER_URL", "IMAGE_STORE"}}
    records = f"sqlite:///{short_folder / 'vastra.sqlite3'}"
    return others | {"VASTRA_FOLDER": str(short_folder), "DATABASE_URL": records}

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from db.image_store import ImageStore
from db.models import (
    Embedding,
    Image,
    ModelVersion,
    Prediction,
    Product,
    RunStatus,
    Split,
    SuspectLabel,
    TrainingRun,
    utc_now,
)
from db.pictures.codes import Reason
from db.queries.pending import count_pending
from db.queries.waiting_runs import waiting_training_runs
from db.repository.model_versions import activate
from db.repository.network_labels import read_head
from db.repository.runs import begin_run, plan_training_run
from db.session import Database
from db.states.version_states import active_version
from tests.factories import STORE, drawing, encoded, model_version
from tests.processes import PATIENCE_SECONDS
from tests.worker.conftest import SHORT_TRAINING, interrupted_at_commit, plan, save_garments
from worker.classifying.loaded_versions import load_classifier
from worker.cnn.config import VIEWS, NetworkName
from worker.cnn.errors import ConfigError, EmptyCategoryError
from worker.cnn.heads.strength import WEIGHT_DECAYS
from worker.cnn.progress import Progress, no_report
from worker.errors import NothingToTrainError
from worker.fleet.waiting import wait_until
from worker.training.examples import digest, split_images
from worker.training.execution import run_training
from worker.training.heartbeat import Heartbeat

pytestmark = pytest.mark.slow

CATEGORIES = ("saree", "jeans", "trousers")


@pytest.fixture
def records(sqlite_url: str) -> Iterator[Database]:
    """A database of the test's own, in which nothing was trained."""
    database = Database(sqlite_url)
    yield database
    database.close()


@dataclass(frozen=True)
class Gated:
    """The records of `trained_file` after a training that learnt nothing, and one that learnt as the first did.

    Attributes:
        database: with the versions 1, 2 and 3; before the third training, the poor one was activated.
        active_after_the_poor: the version that was active then.
        pending_of_the_poor: how many pictures the poor one had not seen when it was activated.
    """

    database: Database
    active_after_the_poor: int | None
    pending_of_the_poor: int


@pytest.fixture(scope="module")
def gated(trained_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    """Trained once for the tests that only look."""
    path = shutil.copy(trained_file, tmp_path_factory.mktemp("gated"))
    database = Database(f"sqlite:///{path}")
    load_classifier.cache_clear()
    assert train_poorly(database) == 2
    active = active_id(database)
    with database.write() as session:
        activate(session, 2)
        pending = count_pending(session)
    assert run_training(database, STORE, plan(database)) == 3
    yield Gated(database, active, pending)
    database.close()


@pytest.fixture
def trained_again(gated: Gated) -> Database:
    """Records that were trained on twice in the same way."""
    return gated.database


@pytest.fixture(scope="module")
def replaced(trained_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The records of `trained_file` after a training beside a broken active version and a broken picture."""
    path = shutil.copy(trained_file, tmp_path_factory.mktemp("replaced"))
    temporary = tmp_path_factory.mktemp("temporary")
    database = Database(f"sqlite:///{path}")
    load_classifier.cache_clear()
    assert model_version(database) == 2
    with database.write() as session:
        session.execute(update(Image).where(Image.id == 1).values(data=encoded(drawing(), "GIF")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(temporary))
        assert train_poorly(database) == 3
    assert list(temporary.iterdir()) == []  # the decoded pictures are gone
    yield database
    database.close()


@pytest.fixture(autouse=True)
def nothing_loaded() -> None:
    """Versions of one number differ from test to test, so none may stay in memory."""
    load_classifier.cache_clear()


def run_row(database: Database, run_id: int) -> TrainingRun:
    with database.read() as session:
        return session.get_one(TrainingRun, run_id)


def active_id(database: Database) -> int | None:
    with database.read() as session:
        version = active_version(session)
        return None if version is None else version.id


def train_poorly(database: Database) -> int | None:
    """A training whose network learns nothing, and has no body."""
    config = replace(SHORT_TRAINING, network=NetworkName.SEED_CNN, epochs=1, learning_rate=1e-9)
    return run_training(database, STORE, plan(database, config))


def test_a_training_run_tells_what_it_did_and_on_what(trained: Database) -> None:
    run = run_row(trained, 1)
    assert run.status is RunStatus.FINISHED
    assert run.error is None
    assert run.dataset_digest == digest(split_images(trained, CATEGORIES))
    assert run.history == []  # its backbone is frozen
    assert run.metrics["left_out"] == run.metrics["reviews"] == []
    assert run.metrics["weight_decay"] in WEIGHT_DECAYS
    with trained.read() as session:
        version = session.scalars(select(ModelVersion)).one()
    assert version.categories == list(CATEGORIES)
    told = {name: run.metrics[name] for name in ("left_out", "reviews", "weight_decay")}
    assert run.metrics == version.metrics | told
    assert version.metrics["test"]["accuracy"] > 0.8


def test_the_digest_changes_with_labels_and_splits_but_not_with_the_order(trained: Database) -> None:
    images = split_images(trained, CATEGORIES)
    assert digest(images[::-1]) == digest(images)
    assert digest(images[1:]) != digest(images)


def test_the_first_version_is_activated(trained: Database) -> None:
    assert active_id(trained) == 1


def test_training_keeps_the_body_and_what_it_makes_of_every_picture(trained_again: Database) -> None:
    with trained_again.read() as session:
        version = session.get_one(ModelVersion, 3)
        assert version.body is not None
        assert (version.artefact, version.flatbuffer) == (None, None)
        assert version.sha256 == version.body.sha256
        assert (version.body.network, version.body.views) == ("efficientnet_lite0", VIEWS)
        vectors = session.scalars(select(Embedding.vector).where(Embedding.body_id == version.body_id)).all()
        assert [len(vector) for vector in vectors] == [version.body.width] * 48
        head = read_head(session, version)
        said = session.scalars(select(Prediction).where(Prediction.model_version_id == 3)).all()
        assert len(said) == 48
        assert {tuple(each.probabilities) for each in said} == {CATEGORIES}
        assert count_pending(session) == 0  # no picture has to be seen again
        products = session.scalars(select(Product)).all()
    assert head.categories == CATEGORIES
    assert {each.label_version_id for each in products} == {3}
    claimed = [each for each in products if each.category is not None]
    assert sum(each.category == each.listed_category for each in claimed) > 0.8 * len(products)


def test_training_again_on_the_same_records_makes_the_same_head(trained_again: Database) -> None:
    with trained_again.read() as session:
        heads = session.scalars(select(ModelVersion.head).order_by(ModelVersion.id)).all()
    assert heads[0] == heads[2]


def test_what_is_listed_wrongly_is_suspected_and_hardly_anything_else(trained: Database) -> None:
    wrong = {f"saree{number}" for number in range(4)}
    with trained.write() as session:
        session.execute(update(Product).where(Product.asin.in_(wrong)).values(listed_category="trousers"))
    run_training(trained, STORE, plan(trained))
    with trained.read() as session:
        suspects = session.scalars(select(SuspectLabel).where(SuspectLabel.model_version_id == 2)).all()
        by_asin = {session.get_one(Product, each.product_id).asin: each for each in suspects}
    found = [by_asin[asin] for asin in wrong & by_asin.keys()]
    assert len(found) >= 2 > len(by_asin.keys() - wrong)
    assert {(each.category, each.suggestion, each.reviewed) for each in found} == {
        ("trousers", "saree", False)
    }
    left_out = sorted(each.product_id for each in suspects if each.left_out)
    assert run_row(trained, 2).metrics["left_out"] == left_out


def test_a_worse_candidate_is_kept_but_not_activated_and_a_better_one_is(gated: Gated) -> None:
    assert gated.active_after_the_poor == 1
    assert gated.pending_of_the_poor == 48
    assert active_id(gated.database) == 3


def test_an_active_version_that_cannot_be_loaded_is_replaced(replaced: Database) -> None:
    assert active_id(replaced) == 3


def test_a_message_that_comes_twice_trains_once(trained: Database) -> None:
    assert run_training(trained, STORE, 1) is None
    run = plan(trained)
    with trained.write() as session:
        assert begin_run(session, TrainingRun, run)
    assert run_training(trained, STORE, run) is None
    assert run_row(trained, run).status is RunStatus.RUNNING


def test_a_picture_that_cannot_be_decoded_is_named_and_left_out(replaced: Database) -> None:
    with replaced.read() as session:
        assert session.get_one(Image, 1).reason is Reason.UNSUPPORTED_FORMAT


def test_too_few_pictures_finish_the_run_with_an_error_that_counts_them(records: Database) -> None:
    save_garments(records, "saree", range(4))
    run = plan(records)
    with pytest.raises(EmptyCategoryError):
        run_training(records, STORE, run)
    assert "jeans" in (run_row(records, run).error or "")
    with records.read() as session:
        assert waiting_training_runs(session) == []


def test_nothing_labelled_is_an_error_that_says_where_labels_come_from(records: Database) -> None:
    run = plan(records)
    with pytest.raises(NothingToTrainError, match="python -m db import"):
        run_training(records, STORE, run)
    assert run_row(records, run).status is RunStatus.FINISHED


def test_settings_that_this_code_cannot_read_finish_the_run(records: Database) -> None:
    with records.write() as session:
        run = plan_training_run(session, "seed_cnn", {"optimiser": "sgd"}, seed=0)
    with pytest.raises(ConfigError):
        run_training(records, STORE, run)
    assert "optimiser" in (run_row(records, run).error or "")


def test_splits_are_stored_at_the_first_training_and_stay(records: Database) -> None:
    save_garments(records, "saree", range(8))
    first = {each.image.product_id: each.split for each in split_images(records, CATEGORIES)}
    save_garments(records, "saree", range(8, 16))
    later = {each.image.product_id: each.split for each in split_images(records, CATEGORIES)}
    assert first.items() <= later.items()
    assert set(later.values()) <= set(Split)


class FailingStore(ImageStore):
    """A store whose reads raise an error."""

    def __init__(self, error: BaseException) -> None:
        super().__init__("db:")
        self._error = error

    def read(self, *_: object) -> dict[int, bytes]:
        raise self._error


@pytest.mark.parametrize(
    ("error", "recorded"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (RuntimeError("no such kernel"), "RuntimeError('no such kernel')"),
    ],
)
def test_a_run_that_fails_is_not_repeated_for_ever(
    trained: Database, error: BaseException, recorded: str
) -> None:
    run = plan(trained)
    with pytest.raises(type(error)):
        run_training(trained, FailingStore(error), run)
    assert run_row(trained, run).status is RunStatus.FINISHED
    assert run_row(trained, run).error == recorded


def test_an_interrupt_at_the_moment_when_the_run_is_taken_up_finishes_it(records: Database) -> None:
    run = plan(records)
    with interrupted_at_commit(), pytest.raises(KeyboardInterrupt):
        run_training(records, STORE, run)
    assert (run_row(records, run).status, run_row(records, run).error) == (RunStatus.FINISHED, "interrupted")


@pytest.mark.parametrize("error", [SystemExit(), OperationalError("select", {}, sqlite3.OperationalError())])
def test_a_stopped_worker_and_an_absent_database_leave_the_run_to_the_next_worker(
    trained: Database, error: BaseException
) -> None:
    run = plan(trained)
    with pytest.raises(type(error)):
        run_training(trained, FailingStore(error), run)
    assert run_row(trained, run).status is RunStatus.RUNNING


def test_the_heart_beats_with_the_progress_while_the_block_lasts(
    records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.training.heartbeat._BEAT_SECONDS", 0.05)
    run = plan(records)
    with Heartbeat(records, run, no_report) as heartbeat:
        with records.write() as session:
            assert heartbeat.begin(session)
        began = run_row(records, run).heartbeat_at
        assert began is not None
        heartbeat.report(Progress("head", 3, 10, {"loss": 0.5}))
        assert wait_until(lambda: bool(run_row(records, run).progress), PATIENCE_SECONDS)
        row = run_row(records, run)
        assert row.progress == {"stage": "head", "done": 3, "total": 10, "metrics": {"loss": 0.5}}
        assert row.heartbeat_at is not None
        assert row.heartbeat_at > began


def test_a_run_whose_worker_died_is_executed_by_the_next_and_goes_on_where_it_stopped(
    trained: Database, own_folder: Path
) -> None:
    run = plan(trained, replace(SHORT_TRAINING, network=NetworkName.SEED_CNN, epochs=3, batch_size=8))
    url = trained.engine.url.render_as_string(hide_password=False)
    program = (
        "import sys\n"
        "from db.image_store import open_image_store\n"
        "from db.session import open_database\n"
        "from worker.training.execution import run_training\n"
        "run_training(open_database(), open_image_store(), int(sys.argv[1]))\n"
    )
    environment = os.environ | {"DATABASE_URL": url, "VASTRA_FOLDER": str(own_folder)}
    checkpoints = own_folder / "training" / "checkpoints"
    with subprocess.Popen([sys.executable, "-c", program, str(run)], env=environment) as trainer:
        assert wait_until(lambda: any(checkpoints.rglob("state.json")), PATIENCE_SECONDS, every=0.01)
        trainer.kill()
    assert run_row(trained, run).status is RunStatus.RUNNING
    with trained.write() as session:
        stale = utc_now() - timedelta(seconds=31)
        session.execute(update(TrainingRun).where(TrainingRun.id == run).values(heartbeat_at=stale))
    steps = list[Progress]()
    assert run_training(trained, STORE, run, steps.append) == 2
    assert min(step.done for step in steps if step.stage == NetworkName.SEED_CNN) > 1
    epochs = [
        entry["epoch"] for entry in run_row(trained, run).history if entry["stage"] == NetworkName.SEED_CNN
    ]
    assert epochs == [1, 2, 3]

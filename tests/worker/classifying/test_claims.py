import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.errors import ImageStoreError
from db.image_store import ImageStore
from db.models import Body, Embedding, Image, ModelVersion, Prediction, Product, utc_now
from db.pictures.codes import Reason
from db.pictures.decoder import decode_picture
from db.queries.pending import count_pending
from db.repository.model_versions import activate
from db.repository.network_labels import read_head
from db.session import Database
from db.states.image_states import MAX_IMAGE_ATTEMPTS
from tests.conftest import ROOT
from tests.factories import STORE, copy_version, model_version
from tests.worker.conftest import finish_relabelling
from worker.classifying.claims import classify_batch, classify_pending
from worker.cnn.config import NetworkName, input_shape
from worker.cnn.errors import ArtefactError
from worker.cnn.figures.metrics import softmax
from worker.cnn.pictures.inputs import fit_picture
from worker.errors import NoModelError


class HungryStore(ImageStore):
    """A store that raises an error instead of giving bytes."""

    def __init__(self, error: BaseException) -> None:
        super().__init__("db:")
        self._error = error

    def read(self, *_: object) -> dict[int, bytes]:
        raise self._error


class WatchingStore(ImageStore):
    """A store that notes which images are claimed whenever it is read."""

    def __init__(self, database: Database) -> None:
        super().__init__("db:")
        self._database = database
        self.claimed: list[set[int]] = []

    def read(self, session: Session, image_ids: Iterable[int]) -> dict[int, bytes]:
        with self._database.read() as other:
            claimed = other.scalars(select(Image.id).where(Image.leased_until.is_not(None)))
            self.claimed.append(set(claimed))
        return super().read(session, image_ids)


def image_ids(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.scalars(select(Image.id).order_by(Image.id)))


def images(database: Database) -> list[Image]:
    with database.read() as session:
        return list(session.scalars(select(Image).order_by(Image.id)))


def predictions(database: Database) -> list[Prediction]:
    with database.read() as session:
        return list(session.scalars(select(Prediction).order_by(Prediction.image_id)))


def change(database: Database, image_id: int, **values: object) -> None:
    with database.write() as session:
        session.execute(update(Image).where(Image.id == image_id).values(values))


def test_every_image_gets_a_prediction_and_every_product_a_label(trained: Database) -> None:
    ids = image_ids(trained)
    assert classify_batch(trained, STORE, ids) == len(ids)
    assert [p.image_id for p in predictions(trained)] == ids
    assert all(abs(sum(p.probabilities.values()) - 1) < 1e-5 for p in predictions(trained))
    assert {(each.attempts, each.leased_until, each.reason) for each in images(trained)} == {(0, None, None)}
    with trained.read() as session:
        products = session.scalars(select(Product)).all()
        assert count_pending(session) == 0
    assert all(p.uncertain is not None and p.label_version_id == 1 for p in products)
    claimed = [p for p in products if p.category is not None]
    assert sum(p.category == p.listed_category for p in claimed) > 0.8 * len(claimed)


def test_what_is_recorded_is_what_the_head_says_of_the_embedding(trained: Database) -> None:
    ids = image_ids(trained)
    classify_batch(trained, STORE, ids)
    with trained.read() as session:
        version = session.get_one(ModelVersion, 1)
        head = read_head(session, version)
        vectors = {each.image_id: each.vector for each in session.scalars(select(Embedding))}
    assert sorted(vectors) == ids
    said = head.apply(np.stack([np.frombuffer(vectors[image_id], np.int8) for image_id in ids]))
    recorded = predictions(trained)
    assert [list(each.probabilities) for each in recorded] == [list(head.categories)] * len(ids)
    assert [list(each.probabilities.values()) for each in recorded] == said.probabilities.tolist()
    assert [each.in_distribution for each in recorded] == said.in_distribution.tolist()


def test_relabelling_from_embeddings_changes_no_label_that_classifying_gave(trained: Database) -> None:
    classify_batch(trained, STORE, image_ids(trained))
    given = labels(trained)
    with trained.write() as session:
        activate(session, 1)
    finish_relabelling(trained)
    assert labels(trained) == given


def test_a_version_of_before_bodies_classifies_whole_pictures(trained: Database) -> None:
    old = save_version_of_before(trained)
    assert classify_pending(trained, STORE, lambda _: None) == 48
    assert {each.model_version_id for each in predictions(trained)} == {old}
    with trained.read() as session:
        assert session.scalars(select(Embedding)).all() == []
        assert set(session.scalars(select(Product.label_version_id))) == {old}
        data = STORE.read(session, [1])[1]
    shape = input_shape(NetworkName.EFFICIENTNET_LITE0, views=None)
    blue = fit_picture(decode_picture(data, at_least=shape.height), shape)[..., 2].mean() / 255
    expected = softmax(np.array([[0.0, blue, 1.0]]))[0]
    assert list(predictions(trained)[0].probabilities.values()) == pytest.approx(expected.tolist(), abs=1e-4)


def save_version_of_before(database: Database) -> int:
    """Activate a version whose backbone takes whole pictures and ends at logits: here 0, the mean blue, and 1."""
    from worker.cnn.quiet_tensorflow import keras  # noqa: PLC0415 - TensorFlow takes seconds
    from worker.cnn.serving.saved_networks import save_network  # noqa: PLC0415 - likewise

    entry = keras.Input((224, 224, 3), name="pictures")
    blue = keras.ops.mean(entry, axis=(1, 2))[:, 2:] / 255
    logits = keras.ops.concatenate([0 * blue, blue, 0 * blue + 1], axis=1)
    model = keras.Model(entry, {"logits": logits, "in_distribution": keras.ops.sum(logits, axis=-1)})
    grey = np.full((2, 224, 224, 3), 128, np.uint8)
    given = {name: np.asarray(array) for name, array in model(grey.astype(np.float32)).items()}
    network = save_network(model, grey, given)
    columns: dict[str, Any] = {"artefact": network.artefact, "sha256": network.sha256}
    columns |= {"flatbuffer": network.flatbuffer, "flatbuffer_sha256": network.flatbuffer_sha256}
    return model_version(database, network="efficientnet_lite0", **columns)


def labels(database: Database) -> list[tuple[object, ...]]:
    """The label of every product, and what the network says of it."""
    columns = (Product.category, Product.confidence, Product.uncertain, Product.likeliest, Product.margin)
    with database.read() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(Product.id))]


def test_classifying_twice_changes_nothing(trained: Database) -> None:
    ids = image_ids(trained)
    classify_batch(trained, STORE, ids)
    before = [(p.id, p.probabilities, p.created_at) for p in predictions(trained)]
    assert classify_batch(trained, STORE, ids) == 0
    assert [(p.id, p.probabilities, p.created_at) for p in predictions(trained)] == before


def test_what_cannot_be_read_gets_its_reason_and_its_neighbours_are_classified(trained: Database) -> None:
    corrupt, gone, good = image_ids(trained)[:3]
    change(trained, corrupt, data=b"\x89PNG\r\n\x1a\n and then nothing")
    change(trained, gone, data=None)
    assert classify_batch(trained, STORE, [corrupt, gone, good]) == 3
    reasons = [each.reason for each in images(trained)[:3]]
    assert reasons[0] in {Reason.CORRUPT, Reason.UNSUPPORTED_FORMAT}
    assert reasons[1:] == [Reason.BYTES_MISSING, None]
    assert [p.image_id for p in predictions(trained)] == [good]


def test_ids_that_do_not_exist_are_no_work(trained: Database) -> None:
    assert classify_batch(trained, STORE, [10**6]) == 0
    assert classify_batch(trained, STORE, []) == 0


def test_without_a_model_version_nothing_is_claimed(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    assert classify_batch(database, STORE, [1]) == 0
    with pytest.raises(NoModelError, match="python -m worker train"):
        classify_pending(database, STORE, lambda _: None)
    database.close()


def test_two_at_once_never_classify_an_image_twice(trained: Database) -> None:
    other = Database(str(trained.engine.url))
    batches = [image_ids(trained)[start : start + 8] for start in range(0, 48, 8)]
    with ThreadPoolExecutor(2) as workers:
        counts = list(
            workers.map(lambda at: sum(classify_batch(at, STORE, b) for b in batches), (trained, other))
        )
    assert sum(counts) == 48
    assert len(predictions(trained)) == 48
    other.close()


def test_a_version_that_is_activated_meanwhile_makes_everything_pending(trained: Database) -> None:
    ids = image_ids(trained)
    second = copy_version(trained)
    classify_batch(trained, STORE, ids[:8])
    with trained.write() as session:
        activate(session, second)
        assert count_pending(session) == len(ids)
    assert classify_pending(trained, STORE, lambda _: None) == len(ids)
    assert {p.model_version_id for p in predictions(trained) if p.image_id in ids[8:]} == {second}
    with trained.read() as session:
        assert set(session.scalars(select(Product.label_version_id))) == {second}


def test_going_back_to_an_earlier_version_relabels_without_its_network(trained: Database) -> None:
    ids = image_ids(trained)
    second = copy_version(trained)
    classify_batch(trained, STORE, ids)
    with trained.write() as session:
        activate(session, second)
    classify_pending(trained, STORE, lambda _: None)
    with trained.write() as session:
        activate(session, 1)
        assert count_pending(session) == 0
    finish_relabelling(trained)
    with trained.read() as session:
        assert set(session.scalars(select(Product.label_version_id))) == {1}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), ImageStoreError("the bucket is away")])
def test_stopping_gives_the_images_back_untried(trained: Database, error: BaseException) -> None:
    ids = image_ids(trained)[:4]
    with pytest.raises(type(error)):
        classify_batch(trained, HungryStore(error), ids)
    assert {(each.attempts, each.leased_until) for each in images(trained)} == {(0, None)}
    assert classify_batch(trained, STORE, ids) == 4


def test_stopping_gives_back_what_was_claimed_ahead(
    trained: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("db.queries.pending.BATCH_SIZES", (16, 8, 1))
    with pytest.raises(KeyboardInterrupt):
        classify_pending(trained, STORE, stop)
    assert len(predictions(trained)) == 16
    assert {(each.attempts, each.leased_until) for each in images(trained)} == {(0, None)}


def test_an_image_that_killed_its_workers_is_read_while_nothing_else_is_claimed(trained: Database) -> None:
    doubtful = image_ids(trained)[:3]
    for image_id in doubtful:
        change(trained, image_id, attempts=MAX_IMAGE_ATTEMPTS - 1)
    store = WatchingStore(trained)
    assert classify_pending(trained, store, lambda _: None) == 48
    assert store.claimed[-3:] == [{image_id} for image_id in doubtful]


def test_a_version_with_a_flatbuffer_classifies_without_tensorflow(trained: Database) -> None:
    program = (
        "import sys; from db.image_store import ImageStore; from db.session import Database;"
        "from worker.classifying.claims import classify_pending;"
        "print(classify_pending(Database(sys.argv[1]), ImageStore('db:'), lambda _: None));"
        "sys.exit(bool({'tensorflow', 'keras'} & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", program, str(trained.engine.url)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr or "TensorFlow is loaded"
    assert (result.stdout, result.stderr) == ("48\n", "")


def test_a_version_without_a_flatbuffer_is_served_by_tensorflow(trained: Database) -> None:
    second = copy_version(trained)
    classify_pending(trained, STORE, lambda _: None)
    with trained.write() as session:
        nothing = {"flatbuffer": None, "flatbuffer_sha256": None}
        theirs = select(ModelVersion.body_id).where(ModelVersion.id == second).scalar_subquery()
        session.execute(update(Body).where(Body.id == theirs).values(nothing))
        activate(session, second)
    assert classify_pending(trained, STORE, lambda _: None) == 48
    by_image = defaultdict(list)
    for each in predictions(trained):
        by_image[each.image_id].append(each.probabilities)
    for by_litert, by_keras in by_image.values():
        assert by_litert == pytest.approx(by_keras, abs=0.02)  # a value of an embedding may be one apart


def test_an_artefact_that_was_tampered_with_is_refused_before_any_image_is_claimed(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    model_version(database)
    with pytest.raises(ArtefactError, match="SHA-256"):
        classify_batch(database, STORE, [1])
    assert all(each.attempts == 0 for each in images(database))
    database.close()


def test_an_image_that_kills_its_worker_is_set_aside_after_three_attempts(trained: Database) -> None:
    ids = image_ids(trained)[:12]
    poison = ids[5]
    deaths = 0
    for _ in range(20):
        change_all_leases(trained)
        worker = subprocess.run(
            [sys.executable, "-c", FRAGILE_WORKER, str(trained.engine.url), str(poison), str(max(ids))],
            cwd=ROOT, check=False,
        )  # fmt: skip
        deaths += worker.returncode == -9
        if worker.returncode == 0:
            break
    assert worker.returncode == 0
    assert deaths == MAX_IMAGE_ATTEMPTS
    by_id = {each.id: each for each in images(trained)}
    assert by_id.pop(poison).reason is Reason.WORKER_DIED
    assert {each.reason for each in by_id.values()} == {None}
    assert [p.image_id for p in predictions(trained)] == sorted(by_id)


FRAGILE_WORKER = """
import os, signal, sys
from db.image_store import ImageStore
from db.session import Database
from db.queries.pending import pending_batches
from db.states.version_states import active_version
from db.repository.predictions import ClassifiedImage, claim_images, record_predictions, set_aside_exhausted

database, poison, delivered_again = Database(sys.argv[1]), int(sys.argv[2]), [*range(int(sys.argv[3]) + 1)]
with database.write() as session:
    set_aside_exhausted(session)
    # A message that was not acknowledged is delivered again, beside those of the schedule.
    batches = [delivered_again, *pending_batches(session)]
for batch in batches:
    with database.write() as session:
        version = active_version(session)
        claimed = claim_images(session, batch, version.id)
    if poison in claimed:  # as a decoder that reads where it must not
        os.kill(os.getpid(), signal.SIGKILL)
    probabilities = {name: 1 / len(version.categories) for name in version.categories}
    with database.write() as session:
        classified = [ClassifiedImage(i, probabilities, 1.0, bytes(256)) for i in claimed]
        record_predictions(session, version.id, classified, {})
"""


def change_all_leases(database: Database) -> None:
    """Let the claims of dead workers run out, which takes 45 seconds on the clock."""
    with database.write() as session:
        over = utc_now() - timedelta(seconds=1)
        session.execute(update(Image).where(Image.leased_until.is_not(None)).values(leased_until=over))

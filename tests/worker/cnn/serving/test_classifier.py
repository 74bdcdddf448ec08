import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from db.heads import Head
from tests import factories
from worker.cnn.config import NetworkName
from worker.cnn.errors import ArtefactDigestError, ArtefactFormatError, ConfigError, ExamplesError
from worker.cnn.figures.metrics import softmax
from worker.cnn.pictures.dataset import TRAIN, Examples
from worker.cnn.quiet_tensorflow import keras
from worker.cnn.serving.classifier import Classifier
from worker.cnn.serving.inference import EMBEDDING
from worker.cnn.serving.saved_networks import save_network
from worker.cnn.serving.specification import ClassifierSpecification
from worker.cnn.train import TrainingResult

pytestmark = pytest.mark.slow

BATCH_SIZE = 4


def head_of(trained: TrainingResult) -> Head:
    assert trained.embedded is not None
    return trained.embedded.head.head


@pytest.fixture(scope="module", autouse=True)
def small_batches() -> Iterator[None]:
    """TensorFlow fills every batch up, so that it computes more than a test asks for where batches are large."""
    with pytest.MonkeyPatch.context() as constants:
        constants.setattr("worker.cnn.serving.keras_engine._BATCH_SIZE", BATCH_SIZE)
        yield


@pytest.fixture(scope="module")
def classifier(trained: TrainingResult) -> Classifier:
    return Classifier.load(trained.artefact, trained.specification, head_of(trained))


@pytest.fixture(scope="module")
def pictures(drawn_examples: Callable[[NetworkName], Examples]) -> np.ndarray:
    """Two of each label."""
    return drawn_examples(NetworkName.EFFICIENTNET_LITE0).where(TRAIN).pictures[::4]


def signed(artefact: bytes, trained: TrainingResult) -> ClassifierSpecification:
    return dataclasses.replace(trained.specification, sha256=hashlib.sha256(artefact).hexdigest())


def with_config(artefact: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The same `.keras` file with another architecture written into it."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(artefact)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config).encode()
            new.writestr(name, content)
    return changed.getvalue()


def test_a_prediction_is_calibrated_and_complete(classifier: Classifier, pictures: np.ndarray) -> None:
    for prediction in classifier.classify(pictures):
        assert list(prediction.probabilities) == ["saree", "jeans", "trousers"]
        assert sum(prediction.probabilities.values()) == pytest.approx(1)
        assert prediction.confidence == max(prediction.probabilities.values())
        assert prediction.uncertain == (prediction.category is None)
        if prediction.category:
            assert prediction.probabilities[prediction.category] == prediction.confidence


def test_the_size_of_a_batch_does_not_matter(classifier: Classifier, pictures: np.ndarray) -> None:
    whole = classifier.outputs(pictures[: BATCH_SIZE + 1])[EMBEDDING]
    for count in (0, 1, BATCH_SIZE):
        some = classifier.outputs(pictures[:count])[EMBEDDING]
        assert some.shape == (count, 256)
        assert np.allclose(some, whole[:count], atol=1e-3)


@pytest.mark.parametrize("kind", ["artefact", "flatbuffer"])
def test_what_is_said_of_a_picture_is_what_the_head_says_of_its_embedding(
    trained: TrainingResult, pictures: np.ndarray, kind: str
) -> None:
    head = head_of(trained)
    classified = Classifier.load(getattr(trained, kind), trained.specification, head).classify(pictures)
    rows = [np.frombuffer(each.embedding or b"", np.int8) for each in classified]
    said = head.apply(np.stack(rows))
    assert [list(each.probabilities.values()) for each in classified] == said.probabilities.tolist()
    assert [each.in_distribution for each in classified] == said.in_distribution.tolist()
    doubts = head.are_uncertain(said.probabilities.max(axis=1), said.in_distribution)
    assert [each.uncertain for each in classified] == doubts.tolist()
    alone = [head.apply(row[np.newaxis]).probabilities[0].tolist() for row in rows]
    assert alone == said.probabilities.tolist()


def test_training_embeds_pictures_as_classifying_does(
    trained: TrainingResult, drawn_examples: Callable[[NetworkName], Examples]
) -> None:
    assert trained.flatbuffer is not None
    assert trained.embedded is not None
    classifier = Classifier.load(trained.flatbuffer, trained.specification, head_of(trained))
    embeddings = classifier.embed(drawn_examples(NetworkName.EFFICIENTNET_LITE0).pictures)
    assert np.array_equal(embeddings, trained.embedded.embeddings)


def test_thresholds_make_labels_uncertain(trained: TrainingResult, pictures: np.ndarray) -> None:
    head = head_of(trained)

    def doubts(**thresholds: Any) -> list[bool]:
        assert trained.flatbuffer is not None
        specification = dataclasses.replace(trained.specification, **thresholds)
        classified = Classifier.load(trained.flatbuffer, specification, head).classify(pictures[:2])
        return [each.uncertain for each in classified]

    assert doubts(threshold=1.1) == [True, True]
    assert doubts(in_distribution_threshold=1e9) == [True, True]
    assert doubts(threshold=0.0, in_distribution_threshold=-1e9) == [False, False]


def test_a_tampered_artefact_is_refused_before_it_is_read(trained: TrainingResult) -> None:
    tampered = bytearray(trained.artefact)
    tampered[len(tampered) // 2] ^= 1
    with pytest.raises(ArtefactDigestError, match=trained.specification.sha256):
        Classifier.load(bytes(tampered), trained.specification, head_of(trained))


def test_bytes_that_are_no_network_are_refused(trained: TrainingResult) -> None:
    for artefact in (b"", b"PK nothing", trained.artefact[:1000]):
        with pytest.raises(ArtefactFormatError):
            Classifier.load(artefact, signed(artefact, trained), head_of(trained))


def test_code_in_an_artefact_is_refused(trained: TrainingResult) -> None:
    def smuggle(config: dict[str, Any]) -> None:
        code = {"class_name": "__lambda__", "config": {"code": "4wA=", "defaults": None, "closure": None}}
        layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "x", "function": code}}
        config["config"]["layers"][0] |= {key: layer[key] for key in ("module", "class_name", "config")}

    artefact = with_config(trained.artefact, smuggle)
    with pytest.raises(ArtefactFormatError, match="safe"):
        Classifier.load(artefact, signed(artefact, trained), head_of(trained))


def test_a_body_of_another_width_is_refused(trained: TrainingResult) -> None:
    with pytest.raises(ArtefactFormatError, match=r"\(None, 128\).*got.*\(None, 256\)"):
        Classifier.load(trained.artefact, trained.specification, factories.head(width=128))


def test_a_body_without_its_head_is_refused(trained: TrainingResult) -> None:
    with pytest.raises(ArtefactFormatError, match=r"logits.*got.*embedding"):
        Classifier.load(trained.artefact, trained.specification)


def test_a_network_of_another_kind_is_refused(trained: TrainingResult) -> None:
    other = dataclasses.replace(trained.specification, network=NetworkName.EFFICIENTNET_LITE2)
    with pytest.raises(ArtefactFormatError, match=r"520, 260, 3.*got.*448, 224, 3"):
        Classifier.load(trained.artefact, other, head_of(trained))


def test_views_that_this_release_does_not_cut_are_refused(trained: TrainingResult) -> None:
    assert trained.flatbuffer is not None
    other = dataclasses.replace(trained.specification, views="box-upper-0")
    with pytest.raises(ConfigError, match=r"train again.*got box-upper-0"):
        Classifier.load(trained.flatbuffer, other, head_of(trained))


class Before:
    """A version of before bodies: its network takes whole pictures, padded, and ends at logits and scores."""

    def __init__(self) -> None:
        keras.utils.set_random_seed(0)
        entry = keras.Input((224, 224, 3), name="pictures")
        means = keras.ops.mean(entry, axis=(1, 2)) / 255
        logits = keras.layers.Dense(3, name="logits")(means)
        outputs = {"logits": logits, "in_distribution": keras.ops.sum(means, axis=-1)}
        self.model = keras.Model(entry, outputs)
        self.pictures = np.random.default_rng(0).integers(0, 256, (5, 224, 224, 3), dtype=np.uint8)
        given = self.model(self.pictures.astype(np.float32))
        self.given = {name: np.asarray(array) for name, array in given.items()}
        self.network = save_network(self.model, self.pictures, self.given)
        self.specification = ClassifierSpecification(
            sha256=self.network.sha256,
            network=NetworkName.EFFICIENTNET_LITE0,
            categories=("saree", "jeans", "trousers"),
            temperature=0.5,
            threshold=0.4,
            in_distribution_threshold=1.5,
            flatbuffer_sha256=self.network.flatbuffer_sha256,
        )


@pytest.fixture(scope="module")
def before() -> Before:
    return Before()


@pytest.mark.parametrize("kind", ["artefact", "flatbuffer"])
def test_a_version_of_before_bodies_classifies_whole_pictures(before: Before, kind: str) -> None:
    classified = Classifier.load(getattr(before.network, kind), before.specification).classify(
        before.pictures
    )
    expected = softmax(before.given["logits"], 0.5)
    for each, row, score in zip(classified, expected, before.given["in_distribution"], strict=True):
        assert list(each.probabilities.values()) == pytest.approx(row.tolist(), abs=1e-4)
        assert each.in_distribution == pytest.approx(score, abs=1e-4)
        assert each.uncertain == (row.max() < 0.4 or score < 1.5)
        assert each.embedding is None


def test_a_specification_of_before_bodies_can_be_read(before: Before) -> None:
    values = before.specification.as_dict()
    del values["views"]
    assert ClassifierSpecification.from_dict(values).views is None


def test_pictures_of_another_size_are_refused(classifier: Classifier) -> None:
    with pytest.raises(ExamplesError, match=r"got uint8 \(1, 224, 224, 3\)"):
        classifier.classify(np.zeros((1, 224, 224, 3), np.uint8))


def test_a_specification_survives_json(trained: TrainingResult) -> None:
    document = json.loads(json.dumps(trained.specification.as_dict()))
    assert ClassifierSpecification.from_dict(document) == trained.specification


@pytest.mark.parametrize("change", [{"temperature": 0}, {"threshold": "high"}, {"network": "resnet"}])
def test_a_wrong_specification_is_refused(trained: TrainingResult, change: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        ClassifierSpecification.from_dict(trained.specification.as_dict() | change)

import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from worker.cnn.config import NetworkName
from worker.cnn.errors import ArtefactDigestError, ArtefactFormatError, ConfigError, ExamplesError
from worker.cnn.pictures.dataset import TRAIN, Examples
from worker.cnn.serving.classifier import Classifier
from worker.cnn.serving.specification import ClassifierSpecification
from worker.cnn.train import TrainingResult

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def classifier(trained: TrainingResult) -> Classifier:
    return Classifier.load(trained.artefact, trained.specification)


@pytest.fixture(scope="module")
def pictures(drawn_examples: Callable[[NetworkName], Examples]) -> np.ndarray:
    return drawn_examples(NetworkName.EFFICIENTNET_LITE0).where(TRAIN).pictures


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
    whole = classifier.outputs(np.concatenate([pictures, pictures]))
    for count in (0, 1, 31, 32):
        some = classifier.outputs(pictures[:count])
        assert some.logits.shape == (count, 3)
        assert np.allclose(some.logits, whole.logits[:count], atol=1e-4)
        assert np.allclose(some.in_distribution, whole.in_distribution[:count], atol=1e-3)


def test_thresholds_make_labels_uncertain(trained: TrainingResult, pictures: np.ndarray) -> None:
    assert trained.flatbuffer is not None
    doubts_all = dataclasses.replace(trained.specification, threshold=1.1)
    knows_none = dataclasses.replace(trained.specification, in_distribution_threshold=1e9)
    for strict in (doubts_all, knows_none):
        assert all(p.uncertain for p in Classifier.load(trained.flatbuffer, strict).classify(pictures[:2]))
    lax = dataclasses.replace(trained.specification, threshold=0.0, in_distribution_threshold=-1e9)
    assert not any(p.uncertain for p in Classifier.load(trained.flatbuffer, lax).classify(pictures[:2]))


def test_a_tampered_artefact_is_refused_before_it_is_read(trained: TrainingResult) -> None:
    tampered = bytearray(trained.artefact)
    tampered[len(tampered) // 2] ^= 1
    with pytest.raises(ArtefactDigestError, match=trained.specification.sha256):
        Classifier.load(bytes(tampered), trained.specification)


def test_bytes_that_are_no_network_are_refused(trained: TrainingResult) -> None:
    for artefact in (b"", b"PK nothing", trained.artefact[:1000]):
        with pytest.raises(ArtefactFormatError):
            Classifier.load(artefact, signed(artefact, trained))


def test_code_in_an_artefact_is_refused(trained: TrainingResult) -> None:
    def smuggle(config: dict[str, Any]) -> None:
        code = {"class_name": "__lambda__", "config": {"code": "4wA=", "defaults": None, "closure": None}}
        layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "x", "function": code}}
        config["config"]["layers"][0] |= {key: layer[key] for key in ("module", "class_name", "config")}

    artefact = with_config(trained.artefact, smuggle)
    with pytest.raises(ArtefactFormatError, match="safe"):
        Classifier.load(artefact, signed(artefact, trained))


def test_a_network_with_other_categories_is_refused(trained: TrainingResult) -> None:
    other = dataclasses.replace(trained.specification, categories=("saree", "jeans"))
    with pytest.raises(ArtefactFormatError, match=r"\(None, 2\).*got.*\(None, 3\)"):
        Classifier.load(trained.artefact, other)


def test_a_network_of_another_kind_is_refused(trained: TrainingResult) -> None:
    other = dataclasses.replace(trained.specification, network=NetworkName.SEED_CNN)
    with pytest.raises(ArtefactFormatError, match=r"300, 300, 3.*got.*224, 224, 3"):
        Classifier.load(trained.artefact, other)


def test_pictures_of_another_size_are_refused(classifier: Classifier) -> None:
    with pytest.raises(ExamplesError, match=r"got uint8 \(1, 300, 300, 3\)"):
        classifier.classify(np.zeros((1, 300, 300, 3), np.uint8))


def test_a_specification_survives_json(trained: TrainingResult) -> None:
    document = json.loads(json.dumps(trained.specification.as_dict()))
    assert ClassifierSpecification.from_dict(document) == trained.specification


@pytest.mark.parametrize("change", [{"temperature": 0}, {"threshold": "high"}, {"network": "resnet"}])
def test_a_wrong_specification_is_refused(trained: TrainingResult, change: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        ClassifierSpecification.from_dict(trained.specification.as_dict() | change)

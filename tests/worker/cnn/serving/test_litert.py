import dataclasses
import hashlib
from collections.abc import Callable

import numpy as np
import pytest

from worker.cnn.config import NetworkName
from worker.cnn.errors import ArtefactDigestError, ArtefactFormatError
from worker.cnn.pictures.dataset import TRAIN, Examples
from worker.cnn.serving.classifier import Classifier
from worker.cnn.serving.litert import BATCH_SIZE, LiteRTEngine
from worker.cnn.train import TrainingResult

pytestmark = pytest.mark.slow

SHAPE = (224, 224, 3)


@pytest.fixture(scope="module")
def flatbuffer(trained: TrainingResult) -> bytes:
    assert trained.flatbuffer is not None
    return trained.flatbuffer


@pytest.fixture(scope="module")
def pictures(drawn_examples: Callable[[NetworkName], Examples]) -> np.ndarray:
    return drawn_examples(NetworkName.EFFICIENTNET_LITE0).where(TRAIN).pictures


def test_the_flatbuffer_says_what_the_keras_network_says(
    flatbuffer: bytes, trained: TrainingResult, pictures: np.ndarray
) -> None:
    by_keras = Classifier.load(trained.artefact, trained.specification).outputs(pictures)
    by_litert = Classifier.load(flatbuffer, trained.specification).outputs(pictures)
    assert np.allclose(by_litert.logits, by_keras.logits, atol=1e-3)
    assert np.allclose(by_litert.in_distribution, by_keras.in_distribution, rtol=1e-3, atol=0.05)
    assert (by_litert.logits.argmax(axis=1) == by_keras.logits.argmax(axis=1)).all()


def test_the_size_of_a_batch_does_not_matter(flatbuffer: bytes, pictures: np.ndarray) -> None:
    engine = LiteRTEngine(flatbuffer, SHAPE, 3)
    whole = engine(pictures)
    for count in (1, 0, BATCH_SIZE, BATCH_SIZE + 3):
        some = engine(pictures[:count])
        assert some.logits.shape == (count, 3)
        assert np.allclose(some.logits, whole.logits[:count], atol=1e-4)
        assert np.allclose(some.in_distribution, whole.in_distribution[:count], atol=1e-3)


def test_a_tampered_flatbuffer_is_refused_before_it_is_read(
    flatbuffer: bytes, trained: TrainingResult
) -> None:
    tampered = bytearray(flatbuffer)
    tampered[len(tampered) // 2] ^= 1
    with pytest.raises(ArtefactDigestError, match=str(trained.specification.flatbuffer_sha256)):
        Classifier.load(bytes(tampered), trained.specification)


def test_bytes_that_are_no_network_are_refused(flatbuffer: bytes, trained: TrainingResult) -> None:
    for damaged in (b"", b"TFL3 nothing", flatbuffer[: len(flatbuffer) // 2]):
        digest = hashlib.sha256(damaged).hexdigest()
        specification = dataclasses.replace(trained.specification, flatbuffer_sha256=digest)
        with pytest.raises(ArtefactFormatError):
            Classifier.load(damaged, specification)


@pytest.mark.parametrize(
    ("network", "categories"),
    [
        (NetworkName.EFFICIENTNET_LITE0, ("saree", "jeans")),
        (NetworkName.SEED_CNN, ("saree", "jeans", "trousers")),
    ],
)
def test_a_network_with_other_inputs_or_outputs_is_refused(
    flatbuffer: bytes, trained: TrainingResult, network: NetworkName, categories: tuple[str, ...]
) -> None:
    other = dataclasses.replace(trained.specification, network=network, categories=categories)
    with pytest.raises(ArtefactFormatError, match="must take and give"):
        Classifier.load(flatbuffer, other)


def test_loading_says_nothing_on_standard_error(flatbuffer: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    LiteRTEngine(flatbuffer, SHAPE, 3)
    assert capfd.readouterr().err == ""

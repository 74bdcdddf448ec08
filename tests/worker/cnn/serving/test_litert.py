import dataclasses
import hashlib
from collections.abc import Callable

import numpy as np
import pytest

from db.heads import Head
from tests import factories
from worker.cnn.config import NetworkName
from worker.cnn.errors import ArtefactDigestError, ArtefactFormatError
from worker.cnn.pictures.dataset import TRAIN, Examples
from worker.cnn.serving.classifier import Classifier
from worker.cnn.serving.inference import EMBEDDING, Signature
from worker.cnn.serving.litert import ROWS, LiteRTEngine
from worker.cnn.train import TrainingResult

pytestmark = pytest.mark.slow

SIGNATURE = Signature.body((448, 224, 3), 256)
BATCH_SIZE = ROWS // 448


@pytest.fixture(scope="module")
def flatbuffer(trained: TrainingResult) -> bytes:
    assert trained.flatbuffer is not None
    return trained.flatbuffer


@pytest.fixture(scope="module")
def pictures(drawn_examples: Callable[[NetworkName], Examples]) -> np.ndarray:
    return drawn_examples(NetworkName.EFFICIENTNET_LITE0).where(TRAIN).pictures


def head_of(trained: TrainingResult) -> Head:
    assert trained.embedded is not None
    return trained.embedded.head.head


def test_the_flatbuffer_says_what_the_keras_network_says(
    flatbuffer: bytes, trained: TrainingResult, pictures: np.ndarray
) -> None:
    by_keras, by_litert = (
        Classifier.load(artefact, trained.specification, head_of(trained))
        for artefact in (trained.artefact, flatbuffer)
    )
    assert np.allclose(
        by_litert.outputs(pictures)[EMBEDDING], by_keras.outputs(pictures)[EMBEDDING], atol=0.05
    )
    told = [[each.category for each in of.classify(pictures)] for of in (by_keras, by_litert)]
    assert told[0] == told[1]


def test_the_size_of_a_batch_does_not_matter(flatbuffer: bytes, pictures: np.ndarray) -> None:
    engine = LiteRTEngine(flatbuffer, SIGNATURE)
    whole = engine(pictures)[EMBEDDING]
    for count in (1, 0, BATCH_SIZE, BATCH_SIZE + 3):
        some = engine(pictures[:count])[EMBEDDING]
        assert some.shape == (count, 256)
        assert np.allclose(some, whole[:count], atol=1e-3)


def test_a_tampered_flatbuffer_is_refused_before_it_is_read(
    flatbuffer: bytes, trained: TrainingResult
) -> None:
    tampered = bytearray(flatbuffer)
    tampered[len(tampered) // 2] ^= 1
    with pytest.raises(ArtefactDigestError, match=str(trained.specification.flatbuffer_sha256)):
        Classifier.load(bytes(tampered), trained.specification, head_of(trained))


def test_bytes_that_are_no_network_are_refused(flatbuffer: bytes, trained: TrainingResult) -> None:
    for damaged in (b"", b"TFL3 nothing", flatbuffer[: len(flatbuffer) // 2]):
        digest = hashlib.sha256(damaged).hexdigest()
        specification = dataclasses.replace(trained.specification, flatbuffer_sha256=digest)
        with pytest.raises(ArtefactFormatError):
            Classifier.load(damaged, specification, head_of(trained))


def test_a_body_with_other_inputs_or_outputs_is_refused(flatbuffer: bytes, trained: TrainingResult) -> None:
    smaller = dataclasses.replace(trained.specification, network=NetworkName.EFFICIENTNET_LITE2)
    for specification, head in (
        (smaller, head_of(trained)),  # of other pictures
        (trained.specification, factories.head(width=128)),
        (trained.specification, None),  # as if it ended at logits
    ):
        with pytest.raises(ArtefactFormatError, match="must take and give"):
            Classifier.load(flatbuffer, specification, head)


def test_loading_says_nothing_on_standard_error(flatbuffer: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    LiteRTEngine(flatbuffer, SIGNATURE)
    assert capfd.readouterr().err == ""

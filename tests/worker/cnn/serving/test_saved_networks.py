import hashlib
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from worker.cnn.quiet_tensorflow import keras
from worker.cnn.serving.inference import EMBEDDING, Signature
from worker.cnn.serving.keras_engine import KerasEngine
from worker.cnn.serving.litert import LiteRTEngine
from worker.cnn.serving.saved_networks import SavedNetwork, save_network

pytestmark = pytest.mark.slow

PICTURES = np.random.default_rng(0).integers(0, 256, (9, 16, 8, 3), dtype=np.uint8)


def saved(operation: Callable[[Any], Any] = keras.ops.sqrt) -> tuple[SavedNetwork, np.ndarray]:
    """A small body and the embeddings, not rounded, that it gives for the pictures."""
    keras.utils.set_random_seed(0)
    entry = keras.Input((16, 8, 3), name="pictures")
    means = operation(keras.ops.mean(entry, axis=(1, 2)) / 256)
    model = keras.Model(entry, {EMBEDDING: keras.layers.Dense(5)(means) * 50})
    given = np.asarray(model(PICTURES.astype(np.float32))[EMBEDDING])
    return save_network(model, PICTURES, {EMBEDDING: given}), given


def test_a_network_is_saved_twice_and_served_by_litert() -> None:
    network, given = saved()
    assert network.signature == Signature.body((16, 8, 3), 5)
    assert network.sha256 == hashlib.sha256(network.artefact).hexdigest()
    assert network.flatbuffer is not None
    assert network.flatbuffer_sha256 == hashlib.sha256(network.flatbuffer).hexdigest()
    engine = network.engine()
    assert isinstance(engine, LiteRTEngine)
    assert np.allclose(engine(PICTURES)[EMBEDDING], given, atol=1e-3)
    assert np.allclose(
        KerasEngine(network.artefact, network.signature)(PICTURES)[EMBEDDING], given, atol=1e-3
    )


def test_what_cannot_be_converted_is_served_by_tensorflow(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        network, given = saved(keras.ops.erfinv)
    assert "served by TensorFlow" in caplog.text
    assert (network.flatbuffer, network.flatbuffer_sha256) == (None, None)
    engine = network.engine()
    assert isinstance(engine, KerasEngine)
    assert np.allclose(engine(PICTURES)[EMBEDDING], given, atol=1e-3)

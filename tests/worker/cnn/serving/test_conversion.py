from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from worker.cnn.errors import ConversionError
from worker.cnn.quiet_tensorflow import keras
from worker.cnn.serving.conversion import make_flatbuffer, signature_of
from worker.cnn.serving.inference import Outputs, Signature
from worker.cnn.serving.litert import LiteRTEngine

pytestmark = pytest.mark.slow

PICTURES = np.random.default_rng(0).integers(0, 256, (11, 8, 8, 3), dtype=np.uint8)


def network(operation: Callable[[Any], Any] = keras.ops.sqrt) -> tuple[Any, Outputs]:
    """A network of two layers, and its outputs for the pictures."""
    entry = keras.Input((8, 8, 3))
    means = operation(keras.ops.mean(entry, axis=(1, 2)) / 256)
    logits = keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(seed=0))(means)
    model = keras.Model(entry, {"logits": logits, "in_distribution": keras.ops.sum(means, axis=-1)})
    result = model(PICTURES.astype(np.float32))
    return model, {name: np.asarray(array) for name, array in result.items()}


def test_a_flatbuffer_gives_what_the_network_gives() -> None:
    model, outputs = network()
    got = LiteRTEngine(make_flatbuffer(model, PICTURES, outputs), Signature.whole((8, 8, 3), 2))(PICTURES)
    assert got.keys() == outputs.keys()
    for name, expected in outputs.items():
        assert np.allclose(got[name], expected, atol=1e-5)


def test_a_network_is_described_by_what_it_takes_and_gives() -> None:
    assert signature_of(*network()) == Signature.whole((8, 8, 3), 2)


@pytest.mark.parametrize("name", ["logits", "in_distribution"])
@pytest.mark.parametrize("value", [100.0, np.nan])
def test_a_flatbuffer_that_disagrees_is_refused(name: str, value: float) -> None:
    model, outputs = network()
    values = {**outputs, name: np.full_like(outputs[name], value)}
    with pytest.raises(ConversionError, match=f"the flatbuffer's {name} .* on 11 pictures"):
        make_flatbuffer(model, PICTURES, values)


def test_an_operation_that_litert_lacks_is_an_error() -> None:
    model, outputs = network(keras.ops.erfinv)
    with pytest.raises(ConversionError, match="Erfinv"):
        make_flatbuffer(model, PICTURES, outputs)

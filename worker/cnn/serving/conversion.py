"""Converts a trained network to the flatbuffer that it is served from."""

from typing import Any, Final

import numpy as np

from worker.cnn.arrays import Pictures
from worker.cnn.errors import ArtefactFormatError, ConversionError
from worker.cnn.native_messages import without_native_messages
from worker.cnn.quiet_tensorflow import ConverterError, tf
from worker.cnn.serving.inference import Outputs, Signature
from worker.cnn.serving.litert import LiteRTEngine

_PICTURES: Final = 64
"""On which the flatbuffer is compared with the network: a quarter of a second."""


def make_flatbuffer(model: Any, pictures: Pictures, outputs: Outputs) -> bytes:
    """Convert a network to a LiteRT flatbuffer with float32 weights, and check that it says the same.

    Args:
        model: a saved network, as `worker.cnn.networks.architectures` describes it.
        pictures: some that it was not trained on, uint8 (n, height, width, 3); 64 of them are enough.
        outputs: what the network gives for them.

    Raises:
        ConversionError: the network has an operation that LiteRT lacks, or the flatbuffer's outputs are more
            than 0.05 and 1 % from the network's.
    """
    try:
        flatbuffer = convert(model)
        engine = LiteRTEngine(flatbuffer, signature_of(model, outputs))
    except ArtefactFormatError as error:
        raise ConversionError(f"the network cannot be converted: {error}") from error
    _require_agreement(engine, pictures, outputs)
    return flatbuffer


def convert(model: Any) -> bytes:
    """Convert a network of pictures, uint8 (n, height, width, 3), to a LiteRT flatbuffer with float32 weights.

    Raises:
        ConversionError: the network has an operation that LiteRT lacks.
    """
    forward = tf.function(
        lambda x: model(tf.cast(x, tf.float32), training=False),
        input_signature=[tf.TensorSpec((None, *_shape(model)), tf.uint8, name="pictures")],
    )
    # Given the function, the converter writes the weights down as constants; given the model, it may leave them
    # as variables that nobody sets.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([forward.get_concrete_function()], forward)
    try:
        with without_native_messages():
            return bytes(converter.convert())
    except ConverterError as error:
        raise ConversionError(f"the network cannot be converted: {error}") from error


def signature_of(model: Any, outputs: Outputs) -> Signature:
    """Describe a network by its model and by what it has given for some pictures."""
    return Signature(_shape(model), {name: array.shape[1:] for name, array in outputs.items()})


def _shape(model: Any) -> tuple[int, int, int]:
    height, width, channels = model.input_shape[1:]
    return height, width, channels


def _require_agreement(engine: LiteRTEngine, pictures: Pictures, outputs: Outputs) -> None:
    rows = np.unique(np.linspace(0, len(pictures) - 1, _PICTURES).astype(np.int64))
    got = engine(pictures[rows])
    for name, all_expected in outputs.items():
        expected = all_expected[rows]
        if not np.allclose(got[name], expected, rtol=0.01, atol=0.05):
            raise ConversionError(
                f"the flatbuffer's {name} must be those of the network, got a difference of "
                f"{np.abs(got[name] - expected).max():.3g} on {len(rows)} pictures"
            )

"""Runs a `.keras` artefact with TensorFlow: for model versions that have no flatbuffer."""

import tempfile
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from worker.cnn.arrays import Pictures
from worker.cnn.errors import ArtefactFormatError
from worker.cnn.quiet_tensorflow import keras, tf
from worker.cnn.serving.inference import Outputs, Signature

_BATCH_SIZE: Final = 32


class KerasEngine:
    """Runs a saved network as a graph, without running code that it may hold.

    Args:
        artefact: the bytes of a `.keras` file; check their SHA-256 before.
        signature: what it must take and give.

    Raises:
        ArtefactFormatError: the bytes are no network, or one with other inputs or outputs.
    """

    def __init__(self, artefact: bytes, signature: Signature) -> None:
        model = _read_model(artefact)
        _require_fit(model, signature)
        self._signature = signature
        # One fixed signature: traced once, whatever the number of pictures.
        self._forward = tf.function(
            lambda x: model(tf.cast(x, tf.float32), training=False),
            input_signature=[tf.TensorSpec((_BATCH_SIZE, *signature.picture), tf.uint8)],
        )

    def __call__(self, pictures: Pictures) -> Outputs:
        """Give the network's outputs for fitted pictures, uint8 (n, height, width, 3), n from 0."""
        outputs = self._signature.empty(len(pictures))
        for start in range(0, len(pictures), _BATCH_SIZE):
            rows = slice(start, start + _BATCH_SIZE)
            batch = pictures[rows]
            result = self._forward(np.pad(batch, [(0, _BATCH_SIZE - len(batch)), (0, 0), (0, 0), (0, 0)]))
            for name, array in outputs.items():
                array[rows] = np.asarray(result[name])[: len(batch)]
        return outputs


def _read_model(artefact: bytes) -> Any:
    with tempfile.TemporaryDirectory(prefix="vastra-") as folder:
        path = Path(folder, "network.keras")  # Keras reads files only, and tells their format by the suffix.
        path.write_bytes(artefact)
        try:
            return keras.saving.load_model(path, compile=False, safe_mode=True)
        except (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile) as error:
            raise ArtefactFormatError(f"the artefact cannot be read as a network: {error}") from error


def _require_fit(model: Any, signature: Signature) -> None:
    outputs = {name: (None, *shape) for name, shape in signature.outputs.items()}
    expected = ((None, *signature.picture), outputs)
    given = model.output if isinstance(model.output, dict) else {"": model.output}
    got = (model.input_shape, {name: tuple(tensor.shape) for name, tensor in given.items()})
    if got != expected:
        raise ArtefactFormatError(f"a network must take and give {expected}, got {got}")

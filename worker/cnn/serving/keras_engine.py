"""Runs a `.keras` artefact with TensorFlow: for model versions that have no flatbuffer."""

import tempfile
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from worker.cnn.arrays import Pictures
from worker.cnn.errors import ArtefactFormatError
from worker.cnn.quiet_tensorflow import keras, tf
from worker.cnn.serving.inference import Outputs

_BATCH_SIZE: Final = 32


class KerasEngine:
    """Runs a saved network as a graph, without running code that it may hold.

    Args:
        artefact: the bytes of a `.keras` file; check their SHA-256 before.
        shape: of a picture: height, width, 3.
        classes: number of the network's classes.

    Raises:
        ArtefactFormatError: the bytes are no network, or one with other inputs or outputs.
    """

    def __init__(self, artefact: bytes, shape: tuple[int, int, int], classes: int) -> None:
        model = _read_model(artefact)
        _require_fit(model, shape, classes)
        self._classes = classes
        # One fixed signature: traced once, whatever the number of pictures.
        self._forward = tf.function(
            lambda x: model(tf.cast(x, tf.float32), training=False),
            input_signature=[tf.TensorSpec((_BATCH_SIZE, *shape), tf.uint8)],
        )

    def __call__(self, pictures: Pictures) -> Outputs:
        """Give the network's outputs for fitted pictures, uint8 (n, height, width, 3), n from 0."""
        logits = np.empty((len(pictures), self._classes), np.float32)
        scores = np.empty(len(pictures), np.float32)
        for start in range(0, len(pictures), _BATCH_SIZE):
            rows = slice(start, start + _BATCH_SIZE)
            batch = pictures[rows]
            result = self._forward(np.pad(batch, [(0, _BATCH_SIZE - len(batch)), (0, 0), (0, 0), (0, 0)]))
            logits[rows] = np.asarray(result["logits"])[: len(batch)]
            scores[rows] = np.asarray(result["in_distribution"])[: len(batch)]
        return Outputs(logits, scores)


def _read_model(artefact: bytes) -> Any:
    with tempfile.TemporaryDirectory(prefix="vastra-") as folder:
        path = Path(folder, "network.keras")  # Keras reads files only, and tells their format by the suffix.
        path.write_bytes(artefact)
        try:
            return keras.saving.load_model(path, compile=False, safe_mode=True)
        except (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile) as error:
            raise ArtefactFormatError(f"the artefact cannot be read as a network: {error}") from error


def _require_fit(model: Any, shape: tuple[int, int, int], classes: int) -> None:
    expected = ((None, *shape), {"logits": (None, classes), "in_distribution": (None,)})
    outputs = model.output if isinstance(model.output, dict) else {"": model.output}
    got = (model.input_shape, {name: tuple(tensor.shape) for name, tensor in outputs.items()})
    if got != expected:
        raise ArtefactFormatError(f"a network must take and give {expected}, got {got}")

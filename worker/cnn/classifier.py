"""Classifies pictures with a saved network."""

import hashlib
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from worker.cnn.config import INPUT_SHAPES
from worker.cnn.dataset import Pictures
from worker.cnn.engine import keras, tf
from worker.cnn.errors import ArtefactDigestError, ArtefactFormatError, ExamplesError
from worker.cnn.metrics import Floats, softmax
from worker.cnn.networks import Outputs
from worker.cnn.specification import ClassifierSpecification

BATCH_SIZE: Final = 32


@dataclass(frozen=True)
class Prediction:
    """What the classifier says of one picture.

    Attributes:
        probabilities: calibrated, by category, summing to one.
        confidence: the highest of them.
        in_distribution: how much the picture is like the categories; comparable within one model version.
        category: the claimed label; None when uncertain.
        uncertain: whether the confidence or the in-distribution score is under its threshold.
    """

    probabilities: Mapping[str, float]
    confidence: float
    in_distribution: float
    category: str | None
    uncertain: bool


class Classifier:
    """A loaded model version; `load` makes one. It may be called from one thread at a time."""

    def __init__(self, model: Any, specification: ClassifierSpecification) -> None:
        self.specification = specification
        shape = INPUT_SHAPES[specification.network]
        self._shape = (shape.height, shape.width, 3)
        signature = [tf.TensorSpec((BATCH_SIZE, *self._shape), tf.uint8)]
        # One fixed signature: traced once, whatever the number of pictures.
        self._forward = tf.function(
            lambda x: model(tf.cast(x, tf.float32), training=False), input_signature=signature
        )

    @classmethod
    def load(cls, artefact: bytes, specification: ClassifierSpecification) -> Self:
        """Load a saved network, after its SHA-256 has been checked, without running code that it may hold.

        Raises:
            ArtefactDigestError: the bytes are not those that the specification was made for.
            ArtefactFormatError: they are no network, or one with other inputs or outputs.
        """
        digest = hashlib.sha256(artefact).hexdigest()
        if digest != specification.sha256:
            raise ArtefactDigestError(f"the artefact must have SHA-256 {specification.sha256}, got {digest}")
        model = _read_model(artefact)
        _require_fit(model, specification)
        return cls(model, specification)

    def classify(self, pictures: Pictures) -> list[Prediction]:
        """Classify fitted pictures, uint8 (n, height, width, 3), n from 0; gives n predictions in order."""
        outputs = self.outputs(pictures)
        probabilities = softmax(outputs.logits, self.specification.temperature)
        uncertain = self.specification.are_uncertain(probabilities.max(axis=1), outputs.in_distribution)
        return [
            self._predict(row, float(score), uncertain=bool(doubt))
            for row, score, doubt in zip(probabilities, outputs.in_distribution, uncertain, strict=True)
        ]

    def outputs(self, pictures: Pictures) -> Outputs:
        """Give the network's bare outputs for fitted pictures, uint8 (n, height, width, 3)."""
        if pictures.shape[1:] != self._shape or pictures.dtype != np.uint8:
            raise ExamplesError(
                f"pictures must be uint8 (n, {self._shape}), got {pictures.dtype} {pictures.shape}"
            )
        classes = len(self.specification.categories)
        logits, scores = [np.empty((0, classes), np.float32)], [np.empty(0, np.float32)]
        for start in range(0, len(pictures), BATCH_SIZE):
            batch = pictures[start : start + BATCH_SIZE]
            padding = [(0, BATCH_SIZE - len(batch)), (0, 0), (0, 0), (0, 0)]
            result = self._forward(np.pad(batch, padding))
            logits.append(np.asarray(result["logits"])[: len(batch)])
            scores.append(np.asarray(result["in_distribution"])[: len(batch)])
        return Outputs(np.concatenate(logits), np.concatenate(scores))

    def _predict(self, probabilities: Floats, in_distribution: float, *, uncertain: bool) -> Prediction:
        categories = self.specification.categories
        likeliest = int(probabilities.argmax())
        return Prediction(
            probabilities=dict(zip(categories, probabilities.tolist(), strict=True)),
            confidence=float(probabilities[likeliest]),
            in_distribution=in_distribution,
            category=None if uncertain else categories[likeliest],
            uncertain=uncertain,
        )


def _read_model(artefact: bytes) -> Any:
    with tempfile.TemporaryDirectory(prefix="vastra-") as folder:
        path = Path(folder, "network.keras")  # Keras reads files only, and tells their format by the suffix.
        path.write_bytes(artefact)
        try:
            return keras.saving.load_model(path, compile=False, safe_mode=True)
        except (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile) as error:
            raise ArtefactFormatError(f"the artefact cannot be read as a network: {error}") from error


def _require_fit(model: Any, specification: ClassifierSpecification) -> None:
    shape = INPUT_SHAPES[specification.network]
    expected = {"logits": (None, len(specification.categories)), "in_distribution": (None,)}
    outputs = model.output if isinstance(model.output, dict) else {"": model.output}
    got = {name: tuple(tensor.shape) for name, tensor in outputs.items()}
    if model.input_shape != (None, shape.height, shape.width, 3) or got != expected:
        raise ArtefactFormatError(
            f"a {specification.network} must give {expected}, got {got} for pictures {model.input_shape}"
        )

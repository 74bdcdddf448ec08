"""Classifies pictures with a saved network."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from worker.cnn.arrays import Floats, Labels, Pictures
from worker.cnn.config import INPUT_SHAPES
from worker.cnn.errors import ArtefactDigestError, ExamplesError
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.metrics import softmax
from worker.cnn.serving.inference import Engine, Outputs
from worker.cnn.serving.litert import LiteRTEngine
from worker.cnn.serving.specification import ClassifierSpecification


@dataclass(frozen=True)
class Classification:
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

    def __init__(self, engine: Engine, specification: ClassifierSpecification) -> None:
        self.specification = specification
        self._engine = engine
        self._shape = picture_shape(specification)

    @classmethod
    def load(cls, artefact: bytes, specification: ClassifierSpecification) -> Self:
        """Load a saved network, after its SHA-256 has been checked, without running code that it may hold.

        The digest tells a flatbuffer, which LiteRT runs, from a `.keras` file, for which TensorFlow is loaded.

        Raises:
            ArtefactDigestError: the bytes are not those that the specification was made for.
            ArtefactFormatError: they are no network, or one with other inputs or outputs.
        """
        digest = hashlib.sha256(artefact).hexdigest()
        shape, classes = picture_shape(specification), len(specification.categories)
        if digest == specification.flatbuffer_sha256:
            return cls(LiteRTEngine(artefact, shape, classes), specification)
        if digest != specification.sha256:
            known = f"{specification.sha256}, or {specification.flatbuffer_sha256} as a flatbuffer"
            raise ArtefactDigestError(f"the artefact must have SHA-256 {known}, got {digest}")
        from worker.cnn.serving.keras_engine import KerasEngine  # noqa: PLC0415 - TensorFlow takes seconds

        return cls(KerasEngine(artefact, shape, classes), specification)

    def classify(self, pictures: Pictures) -> list[Classification]:
        """Classify fitted pictures, uint8 (n, height, width, 3), n from 0; gives n classifications in order."""
        outputs = self.outputs(pictures)
        probabilities = softmax(outputs.logits, self.specification.temperature)
        uncertain = self.specification.are_uncertain(probabilities.max(axis=1), outputs.in_distribution)
        return [
            self._classify(row, float(score), uncertain=bool(doubt))
            for row, score, doubt in zip(probabilities, outputs.in_distribution, uncertain, strict=True)
        ]

    def outputs(self, pictures: Pictures) -> Outputs:
        """Give the network's bare outputs for fitted pictures, uint8 (n, height, width, 3)."""
        if pictures.shape[1:] != self._shape or pictures.dtype != np.uint8:
            raise ExamplesError(
                f"pictures must be uint8 (n, {self._shape}), got {pictures.dtype} {pictures.shape}"
            )
        return self._engine(pictures)

    def _classify(self, probabilities: Floats, in_distribution: float, *, uncertain: bool) -> Classification:
        categories = self.specification.categories
        likeliest = int(probabilities.argmax())
        return Classification(
            probabilities=dict(zip(categories, probabilities.tolist(), strict=True)),
            confidence=float(probabilities[likeliest]),
            in_distribution=in_distribution,
            category=None if uncertain else categories[likeliest],
            uncertain=uncertain,
        )


def gather_answers(
    classified: Sequence[Classification], labels: Labels, categories: Sequence[str]
) -> Answers:
    """Put what a classifier says of labelled pictures into arrays, its classes in the order of the categories."""
    return Answers(
        np.array([[each.probabilities[name] for name in categories] for each in classified]),
        labels,
        np.array([each.uncertain for each in classified], dtype=np.bool_),
    )


def picture_shape(specification: ClassifierSpecification) -> tuple[int, int, int]:
    """Give height, width and channels of the pictures that the network takes."""
    shape = INPUT_SHAPES[specification.network]
    return shape.height, shape.width, 3

"""Classifies pictures with a saved network."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from db.heads import Head
from worker.cnn.arrays import Floats, Labels, Pictures
from worker.cnn.errors import ArtefactDigestError, ExamplesError
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.metrics import softmax
from worker.cnn.serving.inference import (
    IN_DISTRIBUTION,
    LOGITS,
    Engine,
    Outputs,
    Signature,
    quantise,
)
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
        why_uncertain: `unsure`, the confidence is, or `unfamiliar`, the score alone is; None for a claimed label.
        embedding: int8 values as bytes; None from a version without a body.
    """

    probabilities: Mapping[str, float]
    confidence: float
    in_distribution: float
    category: str | None
    uncertain: bool
    embedding: bytes | None = None
    why_uncertain: str | None = None


class Classifier:
    """A loaded model version; `load` makes one. It may be called from one thread at a time.

    Attributes:
        specification: of the version.
        head: turns embeddings into labels; None where the network does it itself.
    """

    def __init__(
        self, engine: Engine, specification: ClassifierSpecification, head: Head | None = None
    ) -> None:
        self.specification, self.head = specification, head
        self._engine = engine
        self._shape = picture_shape(specification)

    @classmethod
    def load(cls, artefact: bytes, specification: ClassifierSpecification, head: Head | None = None) -> Self:
        """Load a saved network, after its SHA-256 has been checked, without running code that it may hold.

        The digest tells a flatbuffer, which LiteRT runs, from a `.keras` file, for which TensorFlow is loaded.

        Raises:
            ArtefactDigestError: the bytes are not those that the specification was made for.
            ArtefactFormatError: they are no network, or one with other inputs or outputs.
        """
        return cls(load_engine(artefact, specification, head), specification, head)

    def classify(self, pictures: Pictures) -> list[Classification]:
        """Classify fitted pictures, uint8 (n, height, width, 3), n from 0; gives n classifications in order."""
        if self.head is None:
            outputs = self.outputs(pictures)
            probabilities = softmax(outputs[LOGITS], self.specification.temperature)
            return self._classifications(probabilities, outputs[IN_DISTRIBUTION])
        embeddings = self.embed(pictures)
        said = self.head.apply(embeddings)
        classified = self._classifications(said.probabilities, said.in_distribution)
        return [
            replace(each, embedding=row.tobytes()) for each, row in zip(classified, embeddings, strict=True)
        ]

    def embed(self, pictures: Pictures) -> NDArray[np.int8]:
        """Give the embeddings, int8 (n, width), of fitted pictures; only a version with a body has them."""
        return quantise(self.outputs(pictures))

    def outputs(self, pictures: Pictures) -> Outputs:
        """Give the network's bare outputs for fitted pictures, uint8 (n, height, width, 3)."""
        if pictures.shape[1:] != self._shape or pictures.dtype != np.uint8:
            raise ExamplesError(
                f"pictures must be uint8 (n, {self._shape}), got {pictures.dtype} {pictures.shape}"
            )
        return self._engine(pictures)

    def _classifications(self, probabilities: Floats, scores: Floats) -> list[Classification]:
        uncertain = self.specification.are_uncertain(probabilities.max(axis=1), scores)
        return [
            self._classify(row, float(score), uncertain=bool(doubt))
            for row, score, doubt in zip(probabilities, scores, uncertain, strict=True)
        ]

    def _classify(self, probabilities: Floats, in_distribution: float, *, uncertain: bool) -> Classification:
        categories = self.specification.categories
        likeliest = int(probabilities.argmax())
        confidence = float(probabilities[likeliest])
        why = "unsure" if confidence < self.specification.threshold else "unfamiliar"
        return Classification(
            probabilities=dict(zip(categories, probabilities.tolist(), strict=True)),
            confidence=confidence,
            in_distribution=in_distribution,
            category=None if uncertain else categories[likeliest],
            uncertain=uncertain,
            why_uncertain=why if uncertain else None,
        )


def load_engine(artefact: bytes, specification: ClassifierSpecification, head: Head | None) -> Engine:
    """Load what runs a network, as `Classifier.load` describes it."""
    shape = picture_shape(specification)
    signature = (
        Signature.whole(shape, len(specification.categories))
        if head is None
        else Signature.body(shape, head.width)
    )
    if is_flatbuffer(artefact, specification):
        return LiteRTEngine(artefact, signature)
    from worker.cnn.serving.keras_engine import KerasEngine  # noqa: PLC0415 - TensorFlow takes seconds

    return KerasEngine(artefact, signature)


def is_flatbuffer(artefact: bytes, specification: ClassifierSpecification) -> bool:
    """Tell the flatbuffer of a version from its `.keras` file, by the digest.

    Raises:
        ArtefactDigestError: the bytes are neither.
    """
    digest = hashlib.sha256(artefact).hexdigest()
    if digest not in (specification.sha256, specification.flatbuffer_sha256):
        known = f"{specification.sha256}, or {specification.flatbuffer_sha256} as a flatbuffer"
        raise ArtefactDigestError(f"the artefact must have SHA-256 {known}, got {digest}")
    return digest == specification.flatbuffer_sha256


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
    shape = specification.input_shape
    return shape.height, shape.width, 3

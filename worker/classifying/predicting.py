"""Label or embed files, without any record of them."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from db.embedded_pictures import EmbeddedPicture
from db.pictures.codes import Reason
from db.pictures.decoder import MAX_BYTES
from db.rows import in_chunks
from worker.classifying.decoding import CHUNK_SIZE, DecodedPictures, decode_pictures
from worker.classifying.prefetching import one_ahead
from worker.cnn.config import InputShape
from worker.cnn.serving.classifier import Classification, Classifier

COLUMNS = ("path", "category", "confidence", "uncertain", "reason")
"""Of a row; one column for each category follows, and then LAST_COLUMNS."""

LAST_COLUMNS = ("likeliest", "why_uncertain")


@dataclass(frozen=True)
class FilePrediction:
    """What the network says of a file, or the reason why it could not be read."""

    path: str
    prediction: Classification | None
    reason: Reason | None

    def row(self, categories: Sequence[str]) -> dict[str, Any]:
        """Give the columns of the public contract, by name: COLUMNS, one a category, LAST_COLUMNS."""
        if self.prediction is None:
            empty = {"category": None, "confidence": None, "uncertain": None}
            of_categories = dict.fromkeys((*categories, *LAST_COLUMNS))
            return {"path": self.path, **empty, "reason": self.reason, **of_categories}
        probabilities = self.prediction.probabilities
        return {
            "path": self.path,
            "category": self.prediction.category,
            "confidence": self.prediction.confidence,
            "uncertain": self.prediction.uncertain,
            "reason": None,
            **{name: probabilities[name] for name in categories},
            "likeliest": max(categories, key=lambda name: probabilities[name]),
            "why_uncertain": self.prediction.why_uncertain,
        }


def predict_files(classifier: Classifier, folder: Path, files: Sequence[Path]) -> Iterator[FilePrediction]:
    """Classify the files; the order is kept, and every file gets a row."""
    with closing(one_ahead(_decoded(files, classifier.specification.input_shape))) as chunks:
        for chunk, decoded in chunks:
            predictions = dict(zip(decoded.keys, classifier.classify(decoded.pictures), strict=True))
            for number, path in enumerate(chunk):
                name = path.relative_to(folder).as_posix()
                yield FilePrediction(name, predictions.get(number), decoded.failures.get(number))


def embed_files(classifier: Classifier, body_id: int, files: Sequence[Path]) -> Iterator[EmbeddedPicture]:
    """Embed the files with a version's body; the order is kept, and every file gets a line."""
    with closing(one_ahead(_decoded(files, classifier.specification.input_shape))) as chunks:
        for chunk, decoded in chunks:
            embeddings = dict(zip(decoded.keys, classifier.embed(decoded.pictures), strict=True))
            for number, path in enumerate(chunk):
                own = embeddings[number].tobytes() if number in embeddings else None
                yield EmbeddedPicture(str(path), body_id, own, decoded.failures.get(number))


def _decoded(files: Sequence[Path], shape: InputShape) -> Iterator[tuple[Sequence[Path], DecodedPictures]]:
    """Give the files in chunks, with their pictures or reasons by place in the chunk."""
    for chunk in in_chunks(files, CHUNK_SIZE):
        read = {number: _read(path) for number, path in enumerate(chunk)}
        unread = {number: reason for number, reason in read.items() if isinstance(reason, Reason)}
        decoded = decode_pictures(
            {number: data for number, data in read.items() if isinstance(data, bytes)}, shape
        )
        yield chunk, replace(decoded, failures=decoded.failures | unread)


def _read(path: Path) -> bytes | Reason:
    try:
        if path.stat().st_size > MAX_BYTES:
            return Reason.TOO_MANY_BYTES
        return path.read_bytes()
    except OSError:
        return Reason.BYTES_MISSING

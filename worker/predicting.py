"""Label the files of a folder, without any record of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.pictures import MAX_BYTES, Reason
from db.repository.rows import in_chunks
from worker.cnn.classifier import Classifier, Prediction
from worker.decoding import decode_pictures

COLUMNS = ("path", "category", "confidence", "uncertain", "reason")
"""Of a row; one column for each category follows."""


@dataclass(frozen=True)
class FilePrediction:
    """What the network says of a file, or the reason why it could not be read."""

    path: str
    prediction: Prediction | None
    reason: Reason | None

    def row(self, categories: Sequence[str]) -> dict[str, Any]:
        """Give the columns of the public contract: one a field, then one a category."""
        if self.prediction is None:
            empty = {"category": None, "confidence": None, "uncertain": None}
            return {"path": self.path, **empty, "reason": self.reason, **dict.fromkeys(categories)}
        return {
            "path": self.path,
            "category": self.prediction.category,
            "confidence": self.prediction.confidence,
            "uncertain": self.prediction.uncertain,
            "reason": None,
            **{name: self.prediction.probabilities[name] for name in categories},
        }


def files_below(folder: Path) -> list[Path]:
    """List every file below the folder, in the order of their paths."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def predict_files(classifier: Classifier, folder: Path, files: Sequence[Path]) -> Iterator[FilePrediction]:
    """Classify the files in batches; the order is kept, and every file gets a row."""
    for chunk in in_chunks(files, 64):
        read = {number: _read(path) for number, path in enumerate(chunk)}
        decoded = decode_pictures(
            {number: data for number, data in read.items() if isinstance(data, bytes)},
            classifier.specification.network,
        )
        predictions = dict(zip(decoded.keys, classifier.classify(decoded.pictures), strict=True))
        for number, path in enumerate(chunk):
            data = read[number]
            reason = data if isinstance(data, Reason) else decoded.failures.get(number)
            yield FilePrediction(path.relative_to(folder).as_posix(), predictions.get(number), reason)


def _read(path: Path) -> bytes | Reason:
    try:
        if path.stat().st_size > MAX_BYTES:
            return Reason.TOO_MANY_BYTES
        return path.read_bytes()
    except OSError:
        return Reason.BYTES_MISSING

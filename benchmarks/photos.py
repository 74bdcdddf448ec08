"""Reads a folder of labelled photos that has a MANIFEST.csv (columns path, class, source, group)."""

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from db.pictures.decoder import decode_picture
from worker.cnn.arrays import Pictures
from worker.cnn.config import InputShape
from worker.cnn.pictures.inputs import fit_picture


@dataclass(frozen=True)
class Photo:
    """One line of the manifest; `category` is a category's name, or begins with `other/`."""

    path: Path
    category: str
    source: str
    group: str

    @property
    def key(self) -> str:
        """The SHA-256 of the file's bytes."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def read_manifest(folder: Path) -> tuple[Photo, ...]:
    """Read every line of the folder's MANIFEST.csv, in the order of the paths."""
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: row["path"])
    return tuple(Photo(folder / row["path"], row["class"], row["source"], row["group"]) for row in rows)


def read_pictures(photos: Sequence[Photo], shape: InputShape) -> Pictures:
    """Decode and fit the photos: uint8 (n, height, width, 3)."""
    pictures = np.empty((len(photos), shape.height, shape.width, 3), np.uint8)
    for row, photo in enumerate(photos):
        pictures[row] = fit_picture(decode_picture(photo.path.read_bytes()), shape)
    return pictures


def digest(text: str) -> str:
    """Order texts in a way that is random to look at and the same everywhere."""
    return hashlib.sha256(text.encode()).hexdigest()

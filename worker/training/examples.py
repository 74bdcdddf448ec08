"""From the records to the examples of one training run: labels, splits, and pictures on disk."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from db.categories import OTHER, load_categories
from db.datasets.splits import assign_splits, near_duplicate_groups
from db.image_store import ImageStore
from db.models import Split
from db.queries.labelled_images import LabelledImage, labelled_images
from db.repository.model_versions import store_splits
from db.repository.predictions import set_aside
from db.rows import in_chunks
from db.session import Database
from worker.classifying.decoding import decode_pictures
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.config import InputShape
from worker.cnn.pictures.dataset import Examples
from worker.errors import NothingToTrainError


@dataclass(frozen=True)
class SplitImage:
    """A labelled picture whose product has its split."""

    image: LabelledImage
    split: Split


def split_images(database: Database, categories: Sequence[str]) -> list[SplitImage]:
    """List the labelled pictures of these categories and of `other`, with splits that are stored for ever.

    Raises:
        NothingToTrainError: nothing is labelled.
    """
    known = tuple(c for c in load_categories() if c.name in categories)
    with database.write() as session:
        images = labelled_images(session, known)
        splits = assign_splits(images)
        store_splits(session, splits)
    if not images:
        raise NothingToTrainError(
            "no labelled pictures: run `scrapy crawl amazon_clothing`, or `python -m db import`; got 0"
        )
    return [SplitImage(image, splits[image.product_id]) for image in images if image.product_id in splits]


@dataclass(frozen=True)
class ExampleFormat:
    """How examples are made from labelled pictures.

    Attributes:
        categories: names of the classes, in the order of the labels.
        shape: to which pictures are fitted.
    """

    categories: Sequence[str]
    shape: InputShape


def gather_examples(
    database: Database, store: ImageStore, made: ExampleFormat, images: Sequence[SplitImage], folder: Path
) -> Examples:
    """Decode the pictures into a file in the folder, so that memory does not grow with the records.

    Pictures that cannot be decoded get their reason in the records and are left out.
    """
    shape = made.shape
    pictures = np.memmap(
        folder / "pictures.uint8", np.uint8, "w+", shape=(len(images), shape.height, shape.width, 3)
    )
    good: list[SplitImage] = []
    for chunk in in_chunks(images, 64):
        with database.read() as session:
            data = store.read(session, [each.image.image_id for each in chunk])
        decoded = decode_pictures(data, shape)
        if decoded.failures:
            with database.write() as session:
                set_aside(session, decoded.failures)
        by_id = dict(zip(decoded.keys, decoded.pictures, strict=True))
        for each in chunk:
            if each.image.image_id in by_id:
                pictures[len(good)] = by_id[each.image.image_id]
                good.append(each)
    groups = near_duplicate_groups([each.image for each in good])
    labels = {name: index for index, name in enumerate(made.categories)} | {OTHER: KNOWN_NEGATIVE}
    return Examples(
        pictures=pictures[: len(good)],
        labels=np.array([labels[each.image.category] for each in good], dtype=np.int64),
        splits=np.array([str(each.split) for each in good]),
        keys=np.array([each.image.sha256 for each in good]),
        products=np.array([str(each.image.product_id) for each in good]),
        sources=np.array([each.image.source for each in good]),
        groups=np.array([str(group) for group in groups]),
        reviewed=np.array([each.image.reviewed for each in good], dtype=np.bool_),
    )


def digest(images: Sequence[SplitImage]) -> str:
    """Give the SHA-256 of which pictures carry which label in which split: equal data, equal digest."""
    lines = sorted(f"{each.image.sha256} {each.image.category} {each.split}" for each in images)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()

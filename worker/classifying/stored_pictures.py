"""Classify stored pictures without recording anything."""

from collections.abc import Sequence
from contextlib import closing

from db.image_store import ImageStore
from db.queries.labelled_images import LabelledImage
from db.session import Database
from worker.classifying.decoding import decoded_images
from worker.classifying.prefetching import one_ahead
from worker.cnn.serving.classifier import Classification, Classifier


def classify_stored(
    database: Database, store: ImageStore, classifier: Classifier, images: Sequence[LabelledImage]
) -> dict[int, Classification]:
    """Classify stored pictures, by the ids of their images; those that cannot be decoded are left out."""
    classified: dict[int, Classification] = {}
    ids, shape = [image.image_id for image in images], classifier.specification.input_shape
    with closing(one_ahead(decoded_images(database, store, ids, shape))) as chunks:
        for decoded in chunks:
            classified |= dict(zip(decoded.keys, classifier.classify(decoded.pictures), strict=True))
    return classified

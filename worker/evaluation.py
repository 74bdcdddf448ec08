"""Measure a model version on the products of the test split, which no training has seen."""

from collections.abc import Sequence

import numpy as np

from db.categories import OTHER
from db.image_store import ImageStore
from db.models import ModelVersion, Split
from db.queries.training import LabelledImage
from db.repository.rows import in_chunks
from db.session import Database
from worker.cnn.classifier import Classifier, Prediction
from worker.cnn.dataset import KNOWN_NEGATIVE
from worker.cnn.evaluate import Evaluation, evaluate
from worker.decoding import decode_pictures
from worker.errors import NothingToTrainError
from worker.examples import split_images
from worker.versions import load_classifier, require_version


def evaluate_version(database: Database, store: ImageStore, version_id: int | None = None) -> Evaluation:
    """Evaluate a version (default: the active one) on the test split, and keep the figures with the version.

    Raises:
        NoModelError: there is no active version.
        NothingToTrainError: no labelled product lies in the test split.
    """
    with database.read() as session:
        version = require_version(session, version_id)
    classifier = load_classifier(database, version.id)
    test = [each.image for each in split_images(database, version.categories) if each.split is Split.TEST]
    predictions = predict_stored(database, store, classifier, test)
    known = [image for image in test if image.image_id in predictions]
    if all(image.category == OTHER for image in known):
        raise NothingToTrainError(f"no labelled product lies in the test split yet, got {len(test)} pictures")
    evaluation = _evaluation(classifier, known, predictions)
    with database.write() as session:
        kept = session.get_one(ModelVersion, version.id)
        kept.metrics = kept.metrics | {"evaluation": evaluation.as_dict()}
    return evaluation


def accuracy_on(
    database: Database, store: ImageStore, classifier: Classifier, images: Sequence[LabelledImage]
) -> float:
    """Give the share, 0 to 1, of the pictures whose likeliest category is their label."""
    predictions = predict_stored(database, store, classifier, images)
    right = [
        max(prediction.probabilities, key=prediction.probabilities.__getitem__) == image.category
        for image in images
        if (prediction := predictions.get(image.image_id)) is not None
    ]
    return sum(right) / len(right) if right else 0.0


def predict_stored(
    database: Database, store: ImageStore, classifier: Classifier, images: Sequence[LabelledImage]
) -> dict[int, Prediction]:
    """Predict stored pictures without recording anything; those that cannot be decoded are left out."""
    predictions: dict[int, Prediction] = {}
    for chunk in in_chunks([image.image_id for image in images], 64):
        with database.read() as session:
            decoded = decode_pictures(store.read(session, chunk), classifier.specification.network)
        predictions |= dict(zip(decoded.keys, classifier.classify(decoded.pictures), strict=True))
    return predictions


def _evaluation(
    classifier: Classifier, images: Sequence[LabelledImage], predictions: dict[int, Prediction]
) -> Evaluation:
    categories = classifier.specification.categories
    labels = {name: index for index, name in enumerate(categories)} | {OTHER: KNOWN_NEGATIVE}
    theirs = [predictions[image.image_id] for image in images]
    return evaluate(
        np.array([[prediction.probabilities[name] for name in categories] for prediction in theirs]),
        np.array([labels[image.category] for image in images], dtype=np.int64),
        np.array([prediction.uncertain for prediction in theirs]),
        categories,
    )

"""Measure a model version on the products of the test split, which no training has seen."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np

from db.categories import OTHER
from db.image_store import ImageStore
from db.models import ModelVersion, Split
from db.queries.labelled_images import LabelledImage
from db.session import Database
from worker.classifying.loaded_versions import load_classifier, require_version
from worker.classifying.stored_pictures import classify_stored
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.figures.evaluate import Evaluation, evaluate
from worker.cnn.figures.intervals import Intervals, bootstrap_intervals
from worker.cnn.figures.robustness_scores import Robustness
from worker.cnn.serving.classifier import Classification, Classifier, gather_answers
from worker.cnn.serving.specification import ClassifierSpecification
from worker.errors import NothingToTrainError
from worker.evaluating.told_pictures import Outcomes
from worker.evaluating.version_robustness import RobustnessOptions, measure_version
from worker.training.examples import split_images


@dataclass(frozen=True)
class VersionEvaluation:
    """A model version on its test pictures: what it says of each, the figures, and how far to trust them.

    `robustness` is None where it was not measured.
    """

    version_id: int
    specification: ClassifierSpecification
    outcomes: Outcomes
    figures: Evaluation
    intervals: Intervals
    robustness: Robustness | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give every figure as JSON values, further ones under `intervals`, `quality` and `robustness`."""
        figures = self.figures.as_dict() | {
            "intervals": asdict(self.intervals),
            "quality": score_quality(self.outcomes),
        }
        return figures | ({"robustness": self.robustness.as_dict()} if self.robustness else {})


def evaluate_version(
    database: Database,
    store: ImageStore,
    version_id: int | None = None,
    robustness: RobustnessOptions | None = None,
) -> VersionEvaluation:
    """Evaluate a version (default: the active one) on the test split, and keep the figures with the version.

    Robustness, which takes minutes, is measured only with options, and after the other figures are kept.

    Raises:
        NoModelError: there is no active version.
        NothingToTrainError: no labelled product lies in the test split.
    """
    with database.read() as session:
        version = require_version(session, version_id)
    classifier = load_classifier(database, version.id)
    test = [each.image for each in split_images(database, version.categories) if each.split is Split.TEST]
    predictions = classify_stored(database, store, classifier, test)
    known = [image for image in test if image.image_id in predictions]
    if all(image.category == OTHER for image in known):
        raise NothingToTrainError(f"no labelled product lies in the test split yet, got {len(test)} pictures")
    evaluation = _evaluation(version.id, classifier.specification, _outcomes(classifier, known, predictions))
    _keep(database, evaluation)
    if robustness is not None:
        measured = measure_version(database, store, classifier, known, robustness)
        evaluation = replace(evaluation, robustness=measured)
        _keep(database, evaluation)
    return evaluation


def _keep(database: Database, evaluation: VersionEvaluation) -> None:
    with database.write() as session:
        kept = session.get_one(ModelVersion, evaluation.version_id)
        kept.metrics = kept.metrics | {"evaluation": evaluation.as_dict()}


def score_quality(outcomes: Outcomes) -> dict[str, dict[str, float]]:
    """Count the pictures of the categories by quality code, and give the share that is right.

    `good` pictures have no code; what no picture has is left out.
    """
    answers = outcomes.answers
    told: dict[str, list[bool]] = defaultdict(list)
    for row in np.flatnonzero(answers.shown).tolist():
        for word in outcomes.images[row].quality or ("good",):
            told[str(word)].append(bool(answers.right[row]))
    return {word: {"pictures": len(all_), "accuracy": fmean(all_)} for word, all_ in sorted(told.items())}


def _outcomes(
    classifier: Classifier, images: Sequence[LabelledImage], predictions: Mapping[int, Classification]
) -> Outcomes:
    categories = classifier.specification.categories
    labels = {name: index for index, name in enumerate(categories)} | {OTHER: KNOWN_NEGATIVE}
    theirs = [predictions[image.image_id] for image in images]
    return Outcomes(
        images=tuple(images),
        answers=gather_answers(
            theirs, np.array([labels[image.category] for image in images], dtype=np.int64), categories
        ),
        in_distribution=np.array([each.in_distribution for each in theirs]),
    )


def _evaluation(
    version_id: int, specification: ClassifierSpecification, outcomes: Outcomes
) -> VersionEvaluation:
    products = np.array([image.product_id for image in outcomes.images], dtype=np.int64)
    return VersionEvaluation(
        version_id,
        specification,
        outcomes,
        evaluate(outcomes.answers, specification.categories),
        bootstrap_intervals(outcomes.answers, products, specification.categories),
    )

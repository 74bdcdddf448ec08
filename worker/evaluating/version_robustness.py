"""Measure how a model version holds under variations, on pictures of the test split."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from db.categories import OTHER
from db.image_store import ImageStore
from db.models import Split
from db.queries.labelled_images import LabelledImage
from db.session import Database
from worker.cnn.figures.robustness_scores import Robustness
from worker.cnn.pictures.canvases import canvas_shape
from worker.cnn.progress import Report, no_report
from worker.cnn.robustness import choose_sample, measure_robustness
from worker.cnn.serving.classifier import Classifier
from worker.training.examples import ExampleFormat, SplitImage, gather_examples

_PICTURES_OF_CLUTTER: Final = 50


@dataclass(frozen=True)
class RobustnessOptions:
    """How robustness is measured.

    Attributes:
        pictures_per_cell: how many pictures of the categories, at most, are classified in each variation and
            strength; 300 take under three minutes on two cores.
        report: told after each of them how far it is.
    """

    pictures_per_cell: int = 300
    report: Report = no_report


def measure_version(
    database: Database,
    store: ImageStore,
    classifier: Classifier,
    images: Sequence[LabelledImage],
    options: RobustnessOptions,
) -> Robustness:
    """Measure a classifier's robustness on a sample of these pictures that is the same every time.

    Args:
        database: where pictures that cannot be decoded get their reason.
        store: holds the pictures.
        classifier: what is measured.
        images: at least one of a category; those of `other` are the clutter behind them.
        options: how many of them, and who is told how far it is.
    """
    specification = classifier.specification
    sample = [
        *_choose([image for image in images if image.category != OTHER], options.pictures_per_cell),
        *_choose([image for image in images if image.category == OTHER], _PICTURES_OF_CLUTTER),
    ]
    made = ExampleFormat(specification.categories, canvas_shape(specification.input_shape))
    with tempfile.TemporaryDirectory(prefix="vastra-examples-") as folder:
        whole = [SplitImage(image, Split.TEST) for image in sample]
        examples = gather_examples(database, store, made, whole, Path(folder))
        return measure_robustness(classifier, examples, options.report)


def _choose(images: Sequence[LabelledImage], size: int) -> list[LabelledImage]:
    labels = np.array([image.category for image in images], dtype=np.str_)
    keys = np.array([image.sha256 for image in images], dtype=np.str_)
    return [images[row] for row in choose_sample(labels, keys, size)]

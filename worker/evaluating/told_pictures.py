"""What a version says of labelled pictures, whoever has asked it, and how each source fares."""

from dataclasses import dataclass

import numpy as np

from db.queries.labelled_images import LabelledImage
from worker.cnn.arrays import Floats
from worker.cnn.figures.answers import Answers


@dataclass(frozen=True)
class Outcomes:
    """What a model version says of n labelled pictures.

    Attributes:
        images: the pictures and their labels.
        answers: to each, in the order of the specification's categories.
        in_distribution: (n,), the in-distribution score.
    """

    images: tuple[LabelledImage, ...]
    answers: Answers
    in_distribution: Floats


@dataclass(frozen=True)
class SourceScore:
    """How one source fares: its pictures and products of the categories, and the share that is right."""

    source: str
    pictures: int
    products: int
    accuracy: float


def score_sources(outcomes: Outcomes) -> tuple[SourceScore, ...]:
    """Score each source on its pictures of the categories, the source with most pictures first."""
    shown, right = outcomes.answers.shown, outcomes.answers.right
    source_of = np.array([image.source for image in outcomes.images])
    product_of = np.array([image.product_id for image in outcomes.images])
    scores = [
        SourceScore(
            source=str(source),
            pictures=int(theirs.sum()),
            products=len(np.unique(product_of[theirs])),
            accuracy=float(right[theirs].mean()),
        )
        for source in np.unique(source_of[shown])
        for theirs in [shown & (source_of == source)]
    ]
    return tuple(sorted(scores, key=lambda score: (-score.pictures, score.source)))

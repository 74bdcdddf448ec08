"""Two model versions on the same test products: which one is right where, and whether that may be chance."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from worker.cnn.figures.intervals import mcnemar_p_value
from worker.evaluating.recorded_answers import RecordedAnswers
from worker.training.gate_rule import tells_no_worse


@dataclass(frozen=True)
class VersionComparison:
    """How the second version differs from the first, counted in test products that both have seen and can know.

    Attributes:
        both: products that both have right.
        only_first: products that the first alone has right; likewise only_second.
        neither: products that both have wrong.
        p_value: of McNemar's exact test that both err equally often; 1 where they never differ.
        is_no_worse: whether the gate would let the second replace the first.
    """

    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float
    is_no_worse: bool

    @property
    def products(self) -> int:
        """How many were compared."""
        return self.both + self.only_first + self.only_second + self.neither


def compare_versions(first: RecordedAnswers, second: RecordedAnswers) -> VersionComparison:
    """Compare two versions by products, each by the mean over its pictures that both have seen."""
    both = set(first.categories) & set(second.categories)
    images = {image.image_id for image in first.outcomes.images} & {
        image.image_id for image in second.outcomes.images
    }
    one, other = (_products_told(answers, images, both) for answers in (first, second))
    right = [(one[product], other[product]) for product in one]
    won, lost = right.count((False, True)), right.count((True, False))
    return VersionComparison(
        both=right.count((True, True)),
        only_first=lost,
        only_second=won,
        neither=right.count((False, False)),
        p_value=mcnemar_p_value(won, lost),
        is_no_worse=tells_no_worse(other, one),
    )


def _products_told(answers: RecordedAnswers, images: set[int], categories: set[str]) -> dict[int, bool]:
    sums: dict[int, Any] = defaultdict(float)
    labels = {}
    for row, image in enumerate(answers.outcomes.images):
        if image.image_id in images and image.category in categories:
            sums[image.product_id] = sums[image.product_id] + answers.outcomes.answers.probabilities[row]
            labels[image.product_id] = image.category
    return {
        product: answers.categories[int(np.argmax(total))] == labels[product]
        for product, total in sums.items()
    }

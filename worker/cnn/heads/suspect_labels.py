"""Finds suspects, products whose label is probably wrong, by confident learning; training leaves some out.

Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels" (JAIR 70, 2021).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats, Labels
from worker.cnn.errors import EmptyCategoryError
from worker.cnn.figures.metrics import softmax
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.heads.holding_out import FOLDS, deal_groups
from worker.cnn.heads.logistic import fit_logistic

WEIGHT_DECAY: Final = 1e-4
"""Of the models that doubt labels."""

FEWEST_SUSPECTS: Final = 0.025
"""Share of the training products up to which suspects stay: where all labels are right, 0.7 to 2.2 % of the
products are merely hard, and a network that never sees them does worse on sources that it does not know."""

MOST_SUSPECTS: Final = 0.2
"""Share of a category's training products that is left out at most, the most suspect first."""


@dataclass(frozen=True)
class Suspicion:
    """A product whose label is probably wrong: it looks like another category.

    Attributes:
        product: its name.
        label: index into the categories.
        reviewed: whether a person gave the label.
        probability: of that label, by a model that has seen neither the product nor its near duplicates.
        suggestion: the likeliest category, an index as well.
        suggestion_probability: likewise.
        left_out: whether training and learning do better without the product.
    """

    product: str
    label: int
    reviewed: bool
    probability: float
    suggestion: int
    suggestion_probability: float
    left_out: bool


def find_suspicions(examples: EmbeddedExamples) -> tuple[Suspicion, ...]:
    """Find the suspects among products of the categories, the most suspect first.

    Left out are those with listed labels, at most 20 % of a category; none, while they are no more than 2.5 % of all.
    A review is never doubted so far. If a category has pictures of fewer than five groups, nobody is suspect.

    Args:
        examples: no known negatives.
    """
    try:
        products = _predict_products(examples)
    except EmptyCategoryError:
        return ()
    suspects = np.flatnonzero(are_suspect(products.probabilities, products.labels))
    left_out = _worst(products, suspects[~products.reviewed[suspects]])
    suspicions = [
        Suspicion(
            product=str(products.names[row]),
            label=int(products.labels[row]),
            reviewed=bool(products.reviewed[row]),
            probability=float(products.own[row]),
            suggestion=int(products.probabilities[row].argmax()),
            suggestion_probability=float(products.probabilities[row].max()),
            left_out=row in left_out,
        )
        for row in suspects.tolist()
    ]
    return tuple(sorted(suspicions, key=lambda each: each.probability - each.suggestion_probability))


@dataclass(frozen=True)
class _Products:
    """Products as parallel arrays: their names, out-of-fold probabilities (n, classes), labels, and who gave them."""

    names: NDArray[np.str_]
    probabilities: Floats
    labels: Labels
    reviewed: NDArray[np.bool_]

    @property
    def own(self) -> Floats:
        """The probability of each product's label (n,)."""
        return np.asarray(self.probabilities[np.arange(len(self.labels)), self.labels])


def _predict_products(examples: EmbeddedExamples) -> _Products:
    pictures = out_of_fold_probabilities(examples)
    names, first, rows, counts = np.unique(
        examples.products, return_index=True, return_inverse=True, return_counts=True
    )
    sums = np.zeros((len(names), pictures.shape[1]))
    np.add.at(sums, rows, pictures)
    return _Products(names, sums / counts[:, None], examples.labels[first], examples.reviewed[first])


def _worst(products: _Products, suspects: NDArray[np.int64]) -> set[int]:
    """Choose the suspects (m,) to leave out, as rows."""
    if len(suspects) <= FEWEST_SUSPECTS * len(products.labels):
        return set()
    doubt = (products.probabilities.max(axis=1) - products.own)[suspects]
    ordered = suspects[np.argsort(-doubt, kind="stable")]
    return {
        row
        for label in np.unique(products.labels)
        for row in ordered[products.labels[ordered] == label].tolist()[
            : int(MOST_SUSPECTS * (products.labels == label).sum())
        ]
    }


def out_of_fold_probabilities(examples: EmbeddedExamples) -> Floats:
    """Give each picture (n,) the probabilities (n, classes) of a model that has seen none of its group.

    Raises:
        EmptyCategoryError: a category has pictures of fewer than five groups, so that some fold would have
            none; or there is one category only.
    """
    labels, groups = examples.labels, examples.groups
    counts = [len(np.unique(groups[labels == label])) for label in range(labels.max() + 1)]
    if len(counts) == 1 or min(counts) < FOLDS:
        raise EmptyCategoryError(
            f"each of two or more categories needs {FOLDS} pictures that are no near duplicates to be checked, "
            f"got {counts}"
        )
    probabilities = np.zeros((len(labels), len(counts)))
    folds = deal_groups(labels, groups)
    for held_out in (folds == number for number in range(FOLDS)):
        logistic = fit_logistic(examples.select(~held_out), WEIGHT_DECAY)
        probabilities[held_out] = softmax(logistic(examples.embeddings[held_out]))
    return probabilities


def are_suspect(probabilities: Floats, labels: Labels) -> NDArray[np.bool_]:
    """Say for each example (n,) whether it is confidently of another category than its label.

    A category is believed of an example if its probability is at least the mean that the examples of that label
    have; of several the likeliest. These are the off-diagonal members of the paper's confident joint.

    Args:
        probabilities: out of fold, (n, classes).
        labels: index into the categories, (n,); each category occurs.
    """
    classes = probabilities.shape[1]
    thresholds = np.array([probabilities[labels == label, label].mean() for label in range(classes)])
    believed = np.where(probabilities >= thresholds, probabilities, -1.0)
    return np.asarray((believed.max(axis=1) >= 0) & (believed.argmax(axis=1) != labels))

"""Finds suspects, products whose label is probably wrong, by confident learning; training leaves some out.

Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels" (JAIR 70, 2021).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from worker.cnn.arrays import Floats, Labels
from worker.cnn.errors import EmptyCategoryError
from worker.cnn.pictures.dataset import Examples

FOLDS: Final = 5

FEWEST_SUSPECTS: Final = 0.025
"""Share of the training products up to which suspects stay: where all labels are right, 0.7 to 2.2 % of the
products are merely hard, and a network that never sees them does worse on sources that it does not know."""

MOST_SUSPECTS: Final = 0.2
"""Share of a category's training products that is left out at most, the most suspect first."""


@dataclass(frozen=True)
class LabelledProducts:
    """Products as parallel arrays of length n.

    Attributes:
        names: in ascending order.
        probabilities: (n, classes), out of fold, the mean over a product's pictures.
        labels: index into the categories.
        reviewed: whether a person gave the label.
    """

    names: NDArray[np.str_]
    probabilities: Floats
    labels: Labels
    reviewed: NDArray[np.bool_]


def predict_products(features: Floats, examples: Examples) -> LabelledProducts:
    """Give each product the mean probabilities of models that have seen none of its group.

    Args:
        features: of the frozen backbone, (pictures, d), at least 0.
        examples: the pictures; no known negatives.

    Raises:
        EmptyCategoryError: as for `out_of_fold_probabilities`.
    """
    pictures = out_of_fold_probabilities(features, examples.labels, examples.groups)
    names, first, rows, counts = np.unique(
        examples.products, return_index=True, return_inverse=True, return_counts=True
    )
    sums = np.zeros((len(names), pictures.shape[1]))
    np.add.at(sums, rows, pictures)
    return LabelledProducts(names, sums / counts[:, None], examples.labels[first], examples.reviewed[first])


def suspects_to_leave_out(features: Floats, train: Examples) -> tuple[str, ...]:
    """Name the products that training does better without, in ascending order.

    These are the suspects among the listed labels, at most 20 % of a category; none, while they are no
    more than 2.5 % of all, or if a category has pictures of fewer than five groups. A review is never doubted.

    Args:
        features: of the frozen backbone, (pictures, d), at least 0.
        train: the pictures to train on, each of a category.
    """
    try:
        products = predict_products(features, train)
    except EmptyCategoryError:
        return ()
    suspects = are_suspect(products.probabilities, products.labels) & ~products.reviewed
    if suspects.mean() <= FEWEST_SUSPECTS:
        return ()
    own = products.probabilities[np.arange(len(suspects)), products.labels]
    doubt = np.where(suspects, products.probabilities.max(axis=1) - own, -1.0)
    left_out: list[str] = []
    for label in np.unique(products.labels):
        members = np.flatnonzero(products.labels == label)
        worst = members[np.argsort(-doubt[members], kind="stable")][: int(MOST_SUSPECTS * len(members))]
        left_out += products.names[worst[suspects[worst]]].tolist()
    return tuple(sorted(left_out))


def out_of_fold_probabilities(features: Floats, labels: Labels, groups: NDArray[Any]) -> Floats:
    """Give each picture (n, d) the probabilities (n, classes) of a model that has seen none of its group.

    Args:
        features: of the frozen backbone, at least 0.
        labels: index into the categories, (n,); no known negatives.
        groups: which group each picture is in, (n,): a product and its near duplicates share one.

    Raises:
        EmptyCategoryError: a category has pictures of fewer than five groups, so that some fold would have
            none; or there is one category only.
    """
    counts = [len(np.unique(groups[labels == label])) for label in range(labels.max() + 1)]
    if len(counts) == 1 or min(counts) < FOLDS:
        raise EmptyCategoryError(
            f"each of two or more categories needs {FOLDS} pictures that are no near duplicates to be checked, "
            f"got {counts}"
        )
    inputs = np.sqrt(features)
    probabilities = np.zeros((len(labels), len(counts)))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    for seen, held_out in folds.split(inputs, labels, groups):
        model = LogisticRegression(C=0.3, class_weight="balanced", max_iter=300)
        model.fit(inputs[seen], labels[seen])
        probabilities[held_out[:, None], model.classes_] = model.predict_proba(inputs[held_out])
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

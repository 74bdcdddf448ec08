"""Finds labels that are probably wrong, by confident learning.

Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels" (JAIR 70, 2021).
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from worker.cnn.errors import EmptyCategoryError
from worker.cnn.metrics import Floats, Labels

FOLDS = 5


def out_of_fold_probabilities(features: Floats, labels: Labels, groups: NDArray[np.int64]) -> Floats:
    """Give each picture (n, d) the probabilities (n, classes) of a model that has seen none of its group.

    Args:
        features: of the frozen backbone, at least 0.
        labels: index into the categories, (n,); no known negatives.
        groups: number of each picture's group, (n,): a product and its near duplicates share one.

    Raises:
        EmptyCategoryError: a category has fewer than five pictures, so that some fold would have none.
    """
    counts = np.bincount(labels)
    if counts.min() < FOLDS:
        raise EmptyCategoryError(f"each category needs {FOLDS} pictures to be checked, got {counts.tolist()}")
    inputs = np.sqrt(features)
    probabilities = np.zeros((len(labels), len(counts)))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    for seen, held_out in folds.split(inputs, labels, groups):
        model = LogisticRegression(C=0.3, class_weight="balanced", max_iter=300)
        model.fit(inputs[seen], labels[seen])
        probabilities[held_out[:, None], model.classes_] = model.predict_proba(inputs[held_out])
    return probabilities


def find_label_issues(probabilities: Floats, labels: Labels) -> NDArray[np.bool_]:
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

"""Multinomial logistic regression on embeddings."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from worker.cnn.arrays import Floats, Labels
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.heads.linear_map import LinearMap
from worker.cnn.heads.weighting import weigh

_ITERATIONS: Final = 300
_TOLERANCE: Final = 1e-3


def fit_logistic(examples: EmbeddedExamples, weight_decay: float) -> LinearMap:
    """Fit the logits of pictures of the categories, each of which occurs; known negatives are not among them.

    Args:
        examples: reviews and rare categories weigh more, as `worker.cnn.heads.weighting` says.
        weight_decay: as for `fit_weighted`.
    """
    weights = weigh(examples.labels, examples.reviewed)
    return fit_weighted(examples.embeddings, examples.labels, weights, weight_decay)


def fit_weighted(inputs: NDArray[Any], labels: Labels, weights: Floats, weight_decay: float) -> LinearMap:
    """Fit logits (n, classes) to inputs (n, width), labels (n,) from 0 on, each of which occurs, and weights (n,).

    Args:
        inputs: of any scale.
        labels: index into the categories.
        weights: of each input, 1 in the mean.
        weight_decay: strength of the L2 penalty beside the mean loss, for inputs whose mean square length is 1.
    """
    values = inputs.astype(np.float64)
    length = np.sqrt(np.square(values).sum(axis=1).mean()) or 1.0
    model = LogisticRegression(C=1 / (weight_decay * len(values)), max_iter=_ITERATIONS, tol=_TOLERANCE)
    model.fit(values / length, labels, sample_weight=weights)
    kernel, bias = model.coef_.T / length, model.intercept_
    if len(model.classes_) == 2:  # noqa: PLR2004 - scikit-learn gives the difference of the two logits then
        kernel, bias = np.hstack([-kernel, kernel]) / 2, np.concatenate([-bias, bias]) / 2
    return LinearMap(kernel, bias)

"""Multinomial logistic regression on embeddings."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from worker.cnn.arrays import Floats
from worker.cnn.heads.embedded import EmbeddedExamples
from worker.cnn.heads.weighting import weigh

_ITERATIONS: Final = 300
_TOLERANCE: Final = 1e-3


@dataclass(frozen=True)
class LinearMap:
    """Embeddings (n, width) to logits (n, classes).

    Attributes:
        kernel: (width, classes).
        bias: (classes,).
    """

    kernel: Floats
    bias: Floats

    def __call__(self, embeddings: NDArray[np.int8]) -> Floats:
        """Give the logits (n, classes)."""
        return np.asarray(embeddings.astype(np.float64) @ self.kernel + self.bias)


def fit_logistic(examples: EmbeddedExamples, classes: int, weight_decay: float) -> LinearMap:
    """Fit the logits of pictures of the categories, each of which occurs.

    Args:
        examples: no known negatives.
        classes: number of the categories.
        weight_decay: strength of the L2 penalty beside the mean loss, for embeddings whose mean square length is 1.
    """
    inputs = examples.embeddings.astype(np.float64)
    length = np.sqrt(np.square(inputs).sum(axis=1).mean()) or 1.0
    model = LogisticRegression(C=1 / (weight_decay * len(examples)), max_iter=_ITERATIONS, tol=_TOLERANCE)
    weights = weigh(examples.labels, examples.sources, examples.reviewed)
    model.fit(inputs / length, examples.labels, sample_weight=weights)
    kernel, bias = model.coef_.T / length, model.intercept_
    if classes == 2:  # noqa: PLR2004 - scikit-learn gives one column of logits then, which is their difference
        kernel, bias = np.hstack([-kernel, kernel]) / 2, np.concatenate([-bias, bias]) / 2
    return LinearMap(kernel, bias)

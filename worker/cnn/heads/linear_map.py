"""Logits by a matrix and a bias."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats


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

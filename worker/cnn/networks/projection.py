"""The end of a body: both views' features become an embedding, a vector of at most 256 int8 values.

Principal components keep what tells pictures apart; 256 of them cost no accuracy against the 2,560 features.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats

WIDTH: Final = 256

_WITHIN: Final = 0.9999
"""Share of the values that shall fit into an int8; the others are held to its ends."""

_LARGEST: Final = 127


@dataclass(frozen=True)
class Projection:
    """Features x (n, d) to embeddings x @ kernel + bias, in units of an int8.

    Attributes:
        kernel: float32 (d, 256).
        bias: float32 (256,).
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]

    def __call__(self, features: Floats) -> NDArray[np.int8]:
        """Give the embeddings, int8 (n, 256), of features (n, d)."""
        values = features @ self.kernel + self.bias
        return np.clip(np.rint(values), -_LARGEST, _LARGEST).astype(np.int8)


def fit_projection(features: Floats, seed: int) -> Projection:
    """Fit the projection to features (n, d) of pictures, labelled or not.

    Fewer pictures than components leave some open: these are drawn at random among the directions that are left, so
    that an embedding is as wide whatever it was fitted to, and holds something of pictures of another kind.
    """
    mean = features.mean(axis=0, dtype=np.float64)
    centred = features.astype(np.float64) - mean
    _, values, vectors = np.linalg.svd(centred, full_matrices=False)
    components = vectors[values > 1e-6 * max(values[0], 1e-12)][:WIDTH]
    drawn = np.random.default_rng(seed).standard_normal((WIDTH - len(components), features.shape[1]))
    basis = np.linalg.qr(np.concatenate([components, drawn]).T)[0]
    scale = _LARGEST / max(float(np.quantile(np.abs(centred @ basis), _WITHIN)), 1e-12)
    kernel = (basis * scale).astype(np.float32)
    return Projection(kernel, (-mean @ kernel).astype(np.float32))

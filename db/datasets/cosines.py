"""How near embeddings lie to one: the cosines, and the best of many; NumPy alone."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_AT_ONCE: Final = 131_072
"""Values turned into floats at a time: they stay in a processor's cache, which is several times faster."""

_NOTHING: Final = 1e-9


@dataclass(frozen=True)
class Neighbour:
    """An image and the cosine between its embedding and the one that was asked about, -1 to 1."""

    image_id: int
    similarity: float


def lengths(vectors: NDArray[np.int8]) -> NDArray[np.float32]:
    """Give the Euclidean lengths (n,) of embeddings (n, width); nothing is shorter than 1e-9."""
    found: NDArray[np.float32] = np.linalg.norm(vectors.astype(np.float32), axis=1)
    return np.maximum(found, np.float32(_NOTHING))


def cosines(
    vectors: NDArray[np.int8], their_lengths: NDArray[np.float32], asked: NDArray[np.int8]
) -> NDArray[np.float32]:
    """Give the cosines (n,) between embeddings and one.

    Args:
        vectors: (n, values), all values of the embeddings or the first ones.
        their_lengths: (n,), of the whole embeddings: of the first values this gives what they add to the cosine.
        asked: (width,); of more values than the vectors have the first ones are taken.
    """
    values = vectors.shape[1]
    of_asked = np.float32(max(float(np.linalg.norm(asked.astype(np.float64))), _NOTHING))
    first = asked[:values].astype(np.float32) / of_asked
    found = np.empty(len(vectors), dtype=np.float32)
    rows = max(1, _AT_ONCE // max(1, values))
    for start in range(0, len(vectors), rows):
        part = vectors[start : start + rows].astype(np.float32)
        np.dot(part, first, out=found[start : start + rows])
    found /= their_lengths
    return found


class Best:
    """The nearest of all that were added, so far.

    Args:
        limit: at most so many.
    """

    def __init__(self, limit: int) -> None:
        self._limit, self._least = limit, -np.inf
        self.image_ids: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.similarities: NDArray[np.float32] = np.empty(0, dtype=np.float32)

    def add(self, image_ids: NDArray[np.int64], similarities: NDArray[np.float32]) -> None:
        """Take in images (n,) with their cosines (n,)."""
        better = np.flatnonzero(similarities > self._least)
        if not len(better):
            return
        if len(better) > self._limit:
            least = np.partition(similarities[better], -self._limit)[-self._limit]
            better = better[similarities[better] >= least]
        ids = np.concatenate([self.image_ids, image_ids[better]])
        found = np.concatenate([self.similarities, similarities[better]])
        order = np.lexsort((ids, -found))[: self._limit]
        self.image_ids, self.similarities = ids[order], found[order]
        if len(order) == self._limit:
            self._least = float(self.similarities[-1])

    def neighbours(self) -> list[Neighbour]:
        """List them, the nearest first; of those that are equally near the one that was stored first."""
        pairs = zip(self.image_ids.tolist(), self.similarities.tolist(), strict=True)
        return [Neighbour(image_id, similarity) for image_id, similarity in pairs]

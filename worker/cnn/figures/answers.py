"""Answers: what a classifier says of labelled pictures; every figure is counted from them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import KNOWN_NEGATIVE, Floats, Labels


@dataclass(frozen=True)
class Answers:
    """What a classifier says of n labelled pictures, as parallel arrays.

    Attributes:
        probabilities: calibrated (n, classes); each row sums to one.
        labels: (n,), the class that each picture shows, or KNOWN_NEGATIVE.
        uncertain: (n,), whether no label is claimed.
    """

    probabilities: Floats
    labels: Labels
    uncertain: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shown(self) -> NDArray[np.bool_]:
        """Whether a picture shows one of the categories: (n,)."""
        return np.asarray(self.labels != KNOWN_NEGATIVE)

    @property
    def likeliest(self) -> NDArray[np.int64]:
        """The class with the highest probability, claimed or not: (n,)."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def confidence(self) -> Floats:
        """The probability of the likeliest class, 0 to 1: (n,)."""
        return np.asarray(self.probabilities.max(axis=1))

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the likeliest class is the label, claimed or not: (n,)."""
        return np.asarray(self.likeliest == self.labels)

    @property
    def accuracy(self) -> float:
        """The share that is right, 0 to 1; of pictures that show a category."""
        return float(self.right.mean())

    @property
    def claimed_accuracy(self) -> float | None:
        """The share that is right of what is claimed; None where nothing is claimed."""
        claimed = self.right[~self.uncertain]
        return float(claimed.mean()) if len(claimed) else None

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Keep the rows of a mask or of an index array."""
        return type(self)(self.probabilities[rows], self.labels[rows], self.uncertain[rows])

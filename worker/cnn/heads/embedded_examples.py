"""Labelled embeddings as parallel arrays: all that a head is fitted to."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import KNOWN_NEGATIVE, Labels
from worker.cnn.errors import EmptyCategoryError, ExamplesError
from worker.cnn.pictures.dataset import TEST, VALIDATION


@dataclass(frozen=True)
class EmbeddedExamples:
    """Labelled embeddings as parallel arrays of length n.

    Attributes:
        embeddings: int8 (n, width), of one body.
        labels: int (n,), index into the categories, or KNOWN_NEGATIVE.
        splits: str (n,), words of `worker.cnn.pictures.dataset.SPLITS`.
        products: str (n,), which product shows the picture.
        sources: str (n,), the marketplace that each picture comes from.
        groups: str (n,), which group of near duplicates the picture is in; a product lies in one group only.
        reviewed: bool (n,), whether a person gave the label.

    Raises:
        ExamplesError: the arrays differ in length, or the embeddings are no int8 (n, width).
    """

    embeddings: NDArray[np.int8]
    labels: Labels
    splits: NDArray[np.str_]
    products: NDArray[np.str_]
    sources: NDArray[np.str_]
    groups: NDArray[np.str_]
    reviewed: NDArray[np.bool_]

    def __post_init__(self) -> None:
        lengths = {name: len(array) for name, array in vars(self).items()}
        if len(set(lengths.values())) > 1:
            raise ExamplesError(f"all arrays must be of one length, got {lengths}")
        if self.embeddings.ndim != 2 or self.embeddings.dtype != np.int8:  # noqa: PLR2004
            raise ExamplesError(
                f"embeddings must be int8 (n, width), got {self.embeddings.dtype} {self.embeddings.shape}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Keep the rows of a mask or of an index array."""
        return type(self)(**{name: array[rows] for name, array in vars(self).items()})

    @property
    def shown(self) -> NDArray[np.bool_]:
        """Whether a picture shows one of the categories: (n,)."""
        return np.asarray(self.labels != KNOWN_NEGATIVE)

    @property
    def taught(self) -> NDArray[np.bool_]:
        """Whether logits are fitted to the picture: (n,); it shows a category and is not in the test split."""
        return np.asarray(self.shown & (self.splits != TEST))

    @property
    def refused(self) -> NDArray[np.bool_]:
        """Whether the picture is a known negative outside the test split: (n,)."""
        return np.asarray(~self.shown & (self.splits != TEST))

    @property
    def validation(self) -> NDArray[np.bool_]:
        """Whether the picture is in the validation split: (n,)."""
        return np.asarray(self.splits == VALIDATION)

    def require_categories(self, categories: tuple[str, ...], products: int = 2) -> None:
        """Raise unless each category has so many products that a head may be fitted to.

        Raises:
            EmptyCategoryError: one has fewer; the message says how many are missing.
        """
        counts = {
            name: len(np.unique(self.products[self.taught & (self.labels == label)]))
            for label, name in enumerate(categories)
        }
        missing = {name: products - count for name, count in counts.items() if count < products}
        if missing:
            wanted = ", ".join(f"{count} more of {name}" for name, count in missing.items())
            raise EmptyCategoryError(
                f"each category needs {products} products to learn from: review or crawl {wanted}; got {counts}"
            )

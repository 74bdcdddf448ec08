"""Examples, labelled pictures as parallel arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import KNOWN_NEGATIVE, Pictures
from worker.cnn.errors import EmptyCategoryError, ExamplesError

TRAIN: Final = "train"
VALIDATION: Final = "validation"
TEST: Final = "test"
SPLITS: Final = (TRAIN, VALIDATION, TEST)
"""The parts of the examples, each product in one, by the words of the records: networks do not know those."""


@dataclass(frozen=True)
class Examples:
    """Labelled pictures as parallel arrays of length n.

    Attributes:
        pictures: uint8 (n, height, width, 3), fitted by `worker.cnn.pictures.inputs`; may be a memory map.
        labels: int (n,), index into the config's categories, or KNOWN_NEGATIVE.
        splits: str (n,), words of SPLITS.
        keys: str (n,), the SHA-256 of each stored image.
        products: str (n,), which product shows the picture; a product lies in one split only.
        sources: str (n,), the marketplace that each picture comes from.
        groups: str (n,), which group of near duplicates the picture is in; a product lies in one group only.
        reviewed: bool (n,), whether a person gave the label.

    Raises:
        ExamplesError: the arrays differ in length, have a wrong type, or split a product.
    """

    pictures: Pictures
    labels: NDArray[np.int64]
    splits: NDArray[np.str_]
    keys: NDArray[np.str_]
    products: NDArray[np.str_]
    sources: NDArray[np.str_]
    groups: NDArray[np.str_]
    reviewed: NDArray[np.bool_]

    def __post_init__(self) -> None:
        lengths = {name: len(array) for name, array in vars(self).items()}
        if len(set(lengths.values())) > 1:
            raise ExamplesError(f"all arrays must be of one length, got {lengths}")
        if self.pictures.ndim != 4 or self.pictures.shape[-1] != 3 or self.pictures.dtype != np.uint8:  # noqa: PLR2004
            raise ExamplesError(
                "pictures must be uint8 (n, height, width, 3), "
                f"got {self.pictures.dtype} {self.pictures.shape}"
            )
        if wrong := set(self.splits.tolist()) - set(SPLITS):
            raise ExamplesError(f"splits are {SPLITS}, got also {sorted(wrong)}")
        self._require_whole_products()

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Keep the rows of a mask or of an index array."""
        return type(self)(**{name: array[rows] for name, array in vars(self).items()})

    def where(self, split: str) -> Self:
        """Keep the examples of one split."""
        return self.select(self.splits == split)

    def positives(self) -> Self:
        """Keep the examples that show a category."""
        return self.select(self.labels != KNOWN_NEGATIVE)

    def negatives(self) -> Self:
        """Keep the known negatives."""
        return self.select(self.labels == KNOWN_NEGATIVE)

    def counts(self, categories: tuple[str, ...]) -> dict[str, dict[str, int]]:
        """Count the pictures by split and category; known negatives count as `other`."""
        names = [*enumerate(categories), (KNOWN_NEGATIVE, "other")]
        return {
            split: {
                name: int(np.sum((self.splits == split) & (self.labels == label))) for label, name in names
            }
            for split in SPLITS
        }

    def require_trainable(self, categories: tuple[str, ...]) -> None:
        """Raise unless the labels fit the categories and each is in the train and the validation split."""
        if len(self) and not KNOWN_NEGATIVE <= self.labels.min() <= self.labels.max() < len(categories):
            raise ExamplesError(
                f"labels must be {KNOWN_NEGATIVE} to {len(categories) - 1}, "
                f"got {self.labels.min()} to {self.labels.max()}"
            )
        counts = self.counts(categories)
        for split in (TRAIN, VALIDATION):
            if empty := [name for name in categories if counts[split][name] == 0]:
                raise EmptyCategoryError(
                    f"no {split} picture of {', '.join(empty)}: crawl, import or review some, or take the category "
                    f"out of categories.toml; got {counts}"
                )

    def _require_whole_products(self) -> None:
        pairs = set(zip(self.products.tolist(), self.splits.tolist(), strict=True))
        if len(pairs) > len(set(self.products.tolist())):
            counts: dict[str, int] = {}
            for product, _ in pairs:
                counts[product] = counts.get(product, 0) + 1
            broken = sorted(product for product, splits in counts.items() if splits > 1)
            raise ExamplesError(f"a product lies in one split only, got several for {broken[:5]}")


def class_weights(labels: NDArray[np.int64], classes: int) -> Mapping[int, float]:
    """Weigh each class by n / (classes * count), so that every class weighs the same in sum; absent: 0."""
    counts = np.bincount(labels[labels != KNOWN_NEGATIVE], minlength=classes)
    total = counts.sum()
    return {label: float(total / (classes * count)) if count else 0.0 for label, count in enumerate(counts)}

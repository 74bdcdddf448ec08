"""What each picture weighs when a head is fitted: a review more than a listed label, a rare category more."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats, Labels

REVIEW_WEIGHT: Final = 5.0
"""A person's verdict weighs as much as so many labels of a shop; `benchmarks/review_orders.py` has the table."""

SOURCE_POWER: Final = 1.0
"""Within a category, a source weighs its number of pictures to this power: 1 takes them as they come."""


def weigh(
    labels: Labels,
    sources: NDArray[np.str_],
    reviewed: NDArray[np.bool_],
    review_weight: float = REVIEW_WEIGHT,
) -> Floats:
    """Give each picture its weight (n,): the categories weigh the same in sum, and the mean is 1.

    Args:
        labels: index into the categories (n,); no known negatives.
        sources: str (n,), the marketplace that each picture comes from.
        reviewed: bool (n,), whether a person gave the label.
        review_weight: for how many listed labels a review stands.
    """
    weights = np.where(reviewed, review_weight, 1.0)
    for label in np.unique(labels):
        theirs = labels == label
        for source in np.unique(sources[theirs]):
            rows = theirs & (sources == source)
            weights[rows] *= float(rows.sum()) ** (SOURCE_POWER - 1)
        weights[theirs] /= weights[theirs].sum()
    return np.asarray(weights * len(labels) / weights.sum())

"""How many of a shop's wrong labels a hundred verdicts find, by the order in which they are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.embedded_photos import EmbeddedPhotos
from worker.cnn.arrays import Floats, Labels
from worker.cnn.heads.head_fitting import FittedHead, fit_head

WRONG: Final = 0.15
VERDICTS: Final = 100


@dataclass(frozen=True)
class Cleaning:
    """The share of the wrong labels that was found, by the order's name; 0 to 1."""

    seed: int
    found: dict[str, float]


def measure_cleaning(photos: EmbeddedPhotos, categories: Sequence[str], seed: int) -> Cleaning:
    """List 15 % of the products under another category, train on them, and look for them."""
    labels = photos.labels(categories)
    shown = labels >= 0
    products = np.unique(photos.products[shown], return_inverse=True)[1]
    generator = np.random.default_rng(seed)
    is_wrong = generator.random(products.max() + 1) < WRONG
    shift = generator.integers(1, len(categories), products.max() + 1)
    listed = labels.copy()
    listed[shown] = (labels[shown] + np.where(is_wrong, shift, 0)[products]) % len(categories)
    examples = photos.examples(photos.embed(np.ones(len(photos), np.bool_), seed), listed)
    fitted = fit_head(examples, categories)
    contradiction = _contradiction(fitted, photos.select(shown), examples.embeddings[shown], listed[shown])
    names = np.unique(photos.products[shown])
    places = {name: place for place, name in enumerate(names.tolist())}
    suspects = [places[each.product] for each in fitted.suspicions]
    orders = {
        "random": generator.permutation(len(names)).tolist(),
        "contradicted": np.argsort(-contradiction, kind="stable").tolist(),
        "suspects of fit_head": suspects,
    }
    found = {name: float(is_wrong[order[:VERDICTS]].sum() / is_wrong.sum()) for name, order in orders.items()}
    return Cleaning(seed, found)


def _contradiction(
    fitted: FittedHead, photos: EmbeddedPhotos, embeddings: NDArray[np.int8], listed: Labels
) -> Floats:
    """Give each product (p,) how much likelier the likeliest category is than the listed one, as the records do."""
    probabilities = fitted.head.apply(embeddings).probabilities
    names, first, of_product, counts = np.unique(
        photos.products, return_index=True, return_inverse=True, return_counts=True
    )
    means = np.zeros((len(names), probabilities.shape[1]))
    np.add.at(means, of_product, probabilities)
    means /= counts[:, None]
    return np.asarray(means.max(axis=1) - means[np.arange(len(names)), listed[first]])

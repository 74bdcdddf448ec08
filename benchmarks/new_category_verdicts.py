"""How many verdicts a new category takes, on sources that its verdicts did not come from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.embedded_photos import CATALOGUE, EmbeddedPhotos
from benchmarks.verdicts import ORDERS, Setting, plain_fit, review
from worker.cnn.figures.metrics import category_scores, error_matrix
from worker.cnn.heads.head_fitting import fit_head
from worker.cnn.heads.weighting import REVIEW_WEIGHT

NEW: Final[Mapping[str, tuple[str, ...]]] = {
    "shirts": ("other/shirts-men", "other/shirt"),
    "kurtas": ("other/kurtas-women", "other/kurtas-men"),
    "shorts": ("other/shorts-men",),
    "shoes": ("other/shoes",),
}
"""Other garments of the manifest that are made a category."""

STEPS: Final = (5, 10, 20, 40)


@dataclass(frozen=True)
class CategoryOutcome:
    """The new category's F1, 0 to 1, on the pooled folds of sources that gave neither verdicts nor labels.

    Attributes:
        f1: of all folds.
        f1_elsewhere: of all but the catalogue, which is two thirds of the photos.
    """

    category: str
    seed: int
    order: str
    verdicts: int
    f1: float
    f1_elsewhere: float


def measure_category(
    photos: EmbeddedPhotos, categories: Sequence[str], name: str, seed: int
) -> Iterator[CategoryOutcome]:
    """Make some other garments a category, and ask about their products in every order."""
    classes = np.where(np.isin(photos.classes, NEW[name]), name, photos.classes)
    renamed = type(photos)(**(vars(photos) | {"classes": classes}))
    names = (*categories, name)
    for order in ("random", "auto"):
        matrices: dict[tuple[int, bool], NDArray[np.int64]] = {}
        for fold in np.unique(photos.folds).tolist():
            for step, matrix in _measure_fold(renamed, names, photos.folds == fold, (order, seed)):
                place = (step, fold == CATALOGUE)
                matrices[place] = matrices.get(place, np.zeros_like(matrix)) + matrix
        for step in STEPS:
            elsewhere = matrices[step, False]
            both = (elsewhere + matrices[step, True], elsewhere)
            yield CategoryOutcome(name, seed, order, step, *(category_scores(each)[-1].f1 for each in both))


def _measure_fold(
    photos: EmbeddedPhotos, names: Sequence[str], held_out: NDArray[np.bool_], way: tuple[str, int]
) -> Iterator[tuple[int, NDArray[Any]]]:
    order, seed = way
    examples = photos.examples(photos.embed(~held_out, seed), photos.labels(names))
    is_new = examples.labels == len(names) - 1
    fitted = fit_head(examples.select(~held_out & ~is_new), names[:-1])
    taught = ~held_out & ~is_new & examples.shown & ~np.isin(photos.products, fitted.left_out)
    setting = Setting(photos, examples, taught, ~held_out & is_new, seed)
    fit = plain_fit(fitted.weight_decay, fitted.head.temperature, REVIEW_WEIGHT)
    judged = held_out & examples.shown

    def before(embeddings: NDArray[np.int8]) -> NDArray[np.floating]:
        return fitted.head.apply(embeddings).probabilities

    for step, (_, after) in zip(STEPS, review(setting, before, ORDERS[order], fit, STEPS), strict=True):
        likeliest = after(examples.embeddings[judged]).argmax(axis=1)
        yield step, error_matrix(examples.labels[judged], likeliest, len(names))

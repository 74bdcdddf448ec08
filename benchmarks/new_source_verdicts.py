"""What verdicts on a new source are worth on its products that nobody reviewed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.embedded_photos import CATALOGUE, EmbeddedPhotos
from benchmarks.verdicts import ORDERS, Asked, Setting, plain_fit, product_fit, review
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.heads.head_fitting import FittedHead, fit_head
from worker.cnn.heads.weighting import REVIEW_WEIGHT

FEWEST: Final = 40
"""Photos of the categories from which a source is held out."""

STEPS: Final = (8, 16)
WEIGHTS: Final = (1.0, 2.0, 5.0, 10.0, 20.0)
PRODUCT: Final = "product"
"""As the product does it: `auto`, its own weight, all of `fit_head`; other garments are asked about as well."""


@dataclass(frozen=True)
class Outcome:
    """What verdicts were worth, in shares, 0 to 1.

    Attributes:
        seen: what the network had learnt from: every other source, or the catalogue alone.
        weight: of a review.
        before: accuracy of the head that knew no verdict, on all of the source.
        before_on_rest: the same, on the photos that nobody reviewed: the order alone may leave easier ones.
        after: accuracy on these, of the head that learnt.
    """

    source: str
    seen: str
    seed: int
    order: str
    weight: float
    verdicts: int
    before: float
    before_on_rest: float
    after: float


def new_sources(photos: EmbeddedPhotos, categories: Sequence[str]) -> list[str]:
    """Name the sources with photos enough; the two of the catalogue are one."""
    names = _names(photos)
    shown = photos.labels(categories) != KNOWN_NEGATIVE
    return [name for name in np.unique(names).tolist() if (shown & (names == name)).sum() >= FEWEST]


def _names(photos: EmbeddedPhotos) -> NDArray[np.str_]:
    return np.where(photos.folds == CATALOGUE, CATALOGUE, photos.sources)


def measure_source(
    photos: EmbeddedPhotos, categories: Sequence[str], source: str, seed: int
) -> Iterator[Outcome]:
    """Hold out a source, and review it in every order and with every weight.

    It is held out of all other sources, and, if it is not the catalogue, of the catalogue alone: a first crawl.
    """
    held_out = _names(photos) == source
    yield from _measure(photos, categories, _Case(source, "all others", seed, held_out, ~held_out))
    if source != CATALOGUE:
        of_catalogue = photos.folds == CATALOGUE
        yield from _measure(photos, categories, _Case(source, CATALOGUE, seed, held_out, of_catalogue))


@dataclass(frozen=True)
class _Case:
    source: str
    seen: str
    seed: int
    held_out: NDArray[np.bool_]
    known: NDArray[np.bool_]


def _measure(photos: EmbeddedPhotos, categories: Sequence[str], case: _Case) -> Iterator[Outcome]:
    examples = photos.examples(photos.embed(case.known, case.seed), photos.labels(categories))
    fitted = fit_head(examples.select(case.known), categories)
    taught = case.known & ~np.isin(photos.products, fitted.left_out)
    setting = Setting(photos, examples, taught, case.held_out & examples.shown, case.seed)
    before = _asked(fitted)
    for weight in WEIGHTS:
        fit = plain_fit(fitted.weight_decay, fitted.head.temperature, weight)
        for name, order in ORDERS.items():
            learnt = review(setting, before, order, fit, STEPS)
            yield from _outcomes(case, setting, before, learnt, (name, weight))
    everything = Setting(photos, examples, case.known, case.held_out, case.seed)
    learnt = review(everything, before, ORDERS["auto"], product_fit(categories), STEPS)
    yield from _outcomes(case, everything, before, learnt, (PRODUCT, REVIEW_WEIGHT))


def _asked(fitted: FittedHead) -> Asked:
    return lambda embeddings: fitted.head.apply(embeddings).probabilities


def _outcomes(
    case: _Case,
    setting: Setting,
    before: Asked,
    learnt: Iterator[tuple[NDArray[np.bool_], Asked]],
    way: tuple[str, float],
) -> Iterator[Outcome]:
    whole = case.held_out & setting.examples.shown
    at_first = _accuracy(setting, before, whole)
    for step, (reviewed, after) in zip(STEPS, learnt, strict=True):
        rest = whole & ~reviewed
        accuracies = (at_first, _accuracy(setting, before, rest), _accuracy(setting, after, rest))
        yield Outcome(case.source, case.seen, case.seed, *way, step, *accuracies)


def _accuracy(setting: Setting, asked: Asked, rows: NDArray[np.bool_]) -> float:
    likeliest = asked(setting.examples.embeddings[rows]).argmax(axis=1)
    return float((likeliest == setting.examples.labels[rows]).mean())

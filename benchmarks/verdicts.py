"""Plays a person who gives verdicts in an order, and a head that learns, on photos whose labels are known."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.embedded_photos import EmbeddedPhotos
from db.queries.review_order import NEW_SOURCE_VERDICTS, Candidate, NewSource, Offers, by_power_margin, choose
from worker.cnn.arrays import Floats
from worker.cnn.figures.metrics import softmax
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.heads.head_fitting import fit_head
from worker.cnn.heads.logistic import fit_weighted
from worker.cnn.heads.weighting import weigh

Asked = Callable[[NDArray[np.int8]], Floats]
"""A head's probabilities (n, classes) of embeddings (n, 256)."""

Fit = Callable[[EmbeddedExamples], Asked]

Verdicts = Counter[str]
"""How many were given so far, by source."""

Order = Callable[[Sequence[Candidate], Verdicts, int, int], list[int]]
"""From candidates, the verdicts given so far, how many to choose and a seed, to the ids of the chosen."""


@dataclass(frozen=True)
class Setting:
    """What is known at the start, and who may be asked about.

    Attributes:
        photos: n photos.
        examples: theirs, with the labels that a person would give.
        taught: bool (n,), whose labels are known from the start.
        candidates: bool (n,), whose products may be reviewed.
        seed: of what is random in an order.
    """

    photos: EmbeddedPhotos
    examples: EmbeddedExamples
    taught: NDArray[np.bool_]
    candidates: NDArray[np.bool_]
    seed: int


def by_chance(candidates: Sequence[Candidate], verdicts: Verdicts, limit: int, seed: int) -> list[int]:
    """Choose at random."""
    ids = sorted(candidate.id for candidate in candidates)
    return Random(f"{seed} {verdicts.total()}").sample(ids, min(limit, len(ids)))  # noqa: S311 - a sample, no secret


def by_margin(candidates: Sequence[Candidate], verdicts: Verdicts, limit: int, seed: int) -> list[int]:
    """Choose the unsure: the smallest margins."""
    del seed
    offers = Offers(unsure=_surest_last(candidates), verdicts=verdicts.total())
    return [candidate.id for candidate, _ in choose(offers, limit)]


def by_auto(candidates: Sequence[Candidate], verdicts: Verdicts, limit: int, seed: int) -> list[int]:
    """Choose as `to-review --order auto` does among sources that are new, and unlisted."""
    shuffled = sorted(candidates, key=lambda each: each.id)
    Random(f"{seed} {verdicts.total()}").shuffle(shuffled)  # noqa: S311 - as above
    sources = sorted({candidate.marketplace for candidate in candidates})
    offers = Offers(
        new_sources=[
            _new_source([each for each in candidates if each.marketplace == source], verdicts[source])
            for source in sources
            if verdicts[source] < NEW_SOURCE_VERDICTS
        ],
        unsure=_surest_last(candidates),
        random=shuffled,
        verdicts=verdicts.total(),
    )
    return [candidate.id for candidate, _ in choose(offers, limit)]


def _new_source(candidates: Sequence[Candidate], verdicts: int) -> NewSource:
    by_id = {candidate.id: candidate for candidate in candidates}
    ids = by_power_margin(((candidate.id, candidate.margin) for candidate in candidates), verdicts)
    return NewSource([by_id[product_id] for product_id in ids], verdicts)


ORDERS: Final[Mapping[str, Order]] = {"random": by_chance, "margin": by_margin, "auto": by_auto}


def _surest_last(candidates: Sequence[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda each: (each.margin, each.id))


def plain_fit(weight_decay: float, temperature: float, review_weight: float) -> Fit:
    """Fit logits alone, of a strength that is known: a tenth of a second."""

    def fit(examples: EmbeddedExamples) -> Asked:
        taught = examples.select(examples.taught)
        weights = weigh(taught.labels, taught.reviewed, review_weight)
        logits = fit_weighted(taught.embeddings, taught.labels, weights, weight_decay)
        return lambda embeddings: softmax(logits(embeddings), temperature)

    return fit


def product_fit(categories: Sequence[str]) -> Fit:
    """Fit all that the product fits: a second."""

    def fit(examples: EmbeddedExamples) -> Asked:
        head = fit_head(examples, categories).head
        return lambda embeddings: head.apply(embeddings).probabilities

    return fit


def review(
    setting: Setting, before: Asked, order: Order, fit: Fit, steps: Sequence[int]
) -> Iterator[tuple[NDArray[np.bool_], Asked]]:
    """Give verdicts up to each number of them, learning after each step: who has been reviewed (n,), and the head."""
    reviewed, asked = np.zeros(len(setting.photos), np.bool_), before
    verdicts: Verdicts = Counter()
    for step in steps:
        offered = make_candidates(setting, asked, setting.candidates & ~reviewed)
        for number in order(list(offered.values()), verdicts.copy(), step - verdicts.total(), setting.seed):
            reviewed |= setting.candidates & (setting.photos.products == offered[number].asin)
            verdicts[offered[number].marketplace] += 1
        known = setting.taught | reviewed
        asked = fit(replace(setting.examples, reviewed=reviewed).select(known))
        yield reviewed.copy(), asked


def make_candidates(setting: Setting, asked: Asked, rows: NDArray[np.bool_]) -> dict[int, Candidate]:
    """Make a candidate of each product of some rows (n,), by its number, which the seed gives."""
    photos = setting.photos
    numbers = np.random.default_rng(setting.seed).permutation(len(photos)).tolist()
    places = np.flatnonzero(rows)
    probabilities = asked(setting.examples.embeddings[places])
    candidates = {}
    for product in np.unique(photos.products[places]).tolist():
        theirs = photos.products[places] == product
        first, mean = int(places[theirs][0]), np.sort(probabilities[theirs].mean(axis=0))
        candidates[numbers[first]] = Candidate(
            id=numbers[first], marketplace=str(photos.sources[first]), asin=product, title=None,
            listed_category=None, likeliest=None, confidence=float(mean[-1]), margin=float(mean[-1] - mean[-2]),
            image_sha256=str(photos.keys[first]), perceptual_hash=str(photos.hashes[first]),
            colour_signature=str(photos.colours[first]),
        )  # fmt: skip
    return candidates

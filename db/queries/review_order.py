"""In which order products are worth a person's verdict: pure functions of rows.

Margin sampling, and its power variant for a new source, whose noise keeps the first verdicts from being all alike:
Kirsch et al., "Stochastic Batch Acquisition" (2106.12059).
"""

import hashlib
import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice
from typing import Final

RANDOM_EVERY: Final = 20
"""Every so many verdicts one is of a random product: they tell how right the labels are, without bias."""

NEW_SOURCE_VERDICTS: Final = 16
"""Verdicts after which a source is new no more."""

_ALIKE_BITS: Final = 4
"""Of the 64 of two perceptual hashes: by so few near-alikes differ, and their colours by 1 of 15 in the mean."""


class Why(StrEnum):
    """Why a product's verdict is worth something."""

    NEW_SOURCE = "new source"
    CONTRADICTED = "contradicted"
    UNSURE = "unsure"
    RANDOM = "random"


@dataclass(frozen=True)
class Candidate:
    """A product that nobody has reviewed, with what the network says of it.

    Attributes:
        margin: between the two likeliest categories, 0 to 1.
        image_sha256: of its first picture; likewise its perceptual hash and its colours, as hex digits; None where
            it has none.
    """

    id: int
    marketplace: str
    asin: str
    title: str | None
    listed_category: str | None
    likeliest: str | None
    confidence: float | None
    margin: float
    image_sha256: str | None
    perceptual_hash: str | None = None
    colour_signature: str | None = None


@dataclass(frozen=True)
class NewSource:
    """A source that the active version has not learnt from, and how many verdicts it has.

    Attributes:
        candidates: in the order of `by_power_margin`.
    """

    candidates: Iterable[Candidate]
    verdicts: int


@dataclass(frozen=True)
class Offers:
    """What each order has to offer, best first, read no further than it is chosen from.

    Attributes:
        verdicts: how many were given so far, of all sources.
    """

    new_sources: Iterable[NewSource] = ()
    contradicted: Iterable[Candidate] = ()
    unsure: Iterable[Candidate] = ()
    random: Iterable[Candidate] = ()
    verdicts: int = 0

    def read(self, limit: int) -> "Offers":
        """Read all that is offered, at most `limit` of each order and of each new source."""
        return Offers(
            [NewSource(list(islice(each.candidates, limit)), each.verdicts) for each in self.new_sources],
            contradicted=list(islice(self.contradicted, limit)),
            unsure=list(islice(self.unsure, limit)),
            random=list(islice(self.random, limit)),
            verdicts=self.verdicts,
        )


def choose(offers: Offers, limit: int) -> list[tuple[Candidate, Why]]:
    """Choose up to `limit` products, the most worth first; none twice.

    New sources come first, taking turns, each with what is left of its sixteen verdicts; then what contradicts
    the shop, the surest first; then the smallest margins. Every twentieth verdict is of a random product.
    """
    chosen: dict[int, tuple[Candidate, Why]] = {}
    ranked = chain(
        _in_turn(map(_unlike, offers.new_sources)),
        ((candidate, Why.CONTRADICTED) for candidate in offers.contradicted),
        ((candidate, Why.UNSURE) for candidate in offers.unsure),
    )
    by_chance = ((candidate, Why.RANDOM) for candidate in offers.random)
    # A generator is read at the first look: what is not come to costs nothing.
    while len(chosen) < limit:
        is_random_turn = (offers.verdicts + len(chosen) + 1) % RANDOM_EVERY == 0
        first, then = (by_chance, ranked) if is_random_turn else (ranked, by_chance)
        offer = next((each for each in chain(first, then) if each[0].id not in chosen), None)
        if offer is None:
            break
        chosen[offer[0].id] = offer
    return list(chosen.values())


def by_power_margin(margins: Iterable[tuple[int, float]], round_: int) -> list[int]:
    """Order a new source's products, given by id and margin, by power-margin.

    The noise depends on product and round alone, the round being the number of the source's verdicts: asked again,
    the order is the same until a verdict is given.
    """
    # Ordered as by log(1 - margin) + Gumbel noise, which is the logarithm of one over this.
    waits = {
        product_id: -math.log(_share(product_id, round_)) / max(1e-9, 1 - margin)
        for product_id, margin in margins
    }
    return sorted(waits, key=lambda product_id: (waits[product_id], product_id))


def _unlike(source: NewSource) -> Iterator[Candidate]:
    """Give at most one of near-alikes, and as many as the source's sixteen verdicts leave room for."""
    chosen: list[Candidate] = []
    room = NEW_SOURCE_VERDICTS - source.verdicts
    for candidate in source.candidates if room > 0 else ():
        if not any(_are_alike(candidate, other) for other in chosen):
            chosen.append(candidate)
            yield candidate
        if len(chosen) == room:
            return


def _in_turn(sources: Iterable[Iterator[Candidate]]) -> Iterator[tuple[Candidate, Why]]:
    waiting = deque(sources)
    while waiting:
        source = waiting.popleft()
        candidate = next(source, None)
        if candidate is not None:
            yield candidate, Why.NEW_SOURCE
            waiting.append(source)


def _share(product_id: int, round_: int) -> float:
    """Draw from 0 to 1, the same for the same product and round."""
    digest = hashlib.sha256(f"{product_id} {round_}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") + 1) / (2**64 + 1)


def _are_alike(one: Candidate, other: Candidate) -> bool:
    if not (
        one.perceptual_hash and other.perceptual_hash and one.colour_signature and other.colour_signature
    ):
        return False
    if (int(one.perceptual_hash, 16) ^ int(other.perceptual_hash, 16)).bit_count() > _ALIKE_BITS:
        return False
    colours = zip(one.colour_signature, other.colour_signature, strict=True)
    return sum(abs(int(a, 16) - int(b, 16)) for a, b in colours) <= len(one.colour_signature)

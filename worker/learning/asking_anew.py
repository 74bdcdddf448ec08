"""The review order by what a provisional head says: pure functions of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from db.queries.review_order import Candidate, NewSource, Offers, by_power_margin

Shares = Mapping[int, Mapping[str, float]]
"""The probability of each category, by the id of the product."""


def judge_anew(offers: Offers, shares: Shares) -> Offers:
    """Judge what is offered by other probabilities, and order it by them.

    What contradicts the shop no more is offered no more as such. A product without probabilities stays as it is,
    after those that have some.
    """
    contradicted = sorted(
        (
            each
            for each in (_judge(candidate, shares) for candidate in offers.contradicted)
            if each.contradicts
        ),
        key=lambda each: -each.contradiction,
    )
    unsure = sorted((_judge(candidate, shares) for candidate in offers.unsure), key=lambda each: each.margin)
    return replace(
        offers,
        new_sources=[_judge_source(source, shares) for source in offers.new_sources],
        contradicted=_candidates(contradicted),
        unsure=_candidates(unsure),
        random=_candidates([_judge(each, shares) for each in offers.random]),
    )


def candidates_of(offers: Offers) -> list[int]:
    """Give the ids of all that is offered, in ascending order."""
    of_sources = (each for source in offers.new_sources for each in source.candidates)
    return sorted({each.id for each in (*of_sources, *offers.contradicted, *offers.unsure, *offers.random)})


def _judge_source(source: NewSource, shares: Shares) -> NewSource:
    judged = {each.id: _judge(each, shares).candidate for each in source.candidates}
    margins = ((each.id, each.margin) for each in judged.values())
    return NewSource(
        [judged[number] for number in by_power_margin(margins, source.verdicts)], source.verdicts
    )


class _Judged(NamedTuple):
    candidate: Candidate
    margin: float
    contradiction: float
    contradicts: bool


def _judge(candidate: Candidate, shares: Shares) -> _Judged:
    theirs = shares.get(candidate.id)
    if not theirs:
        return _Judged(candidate, 2.0, -1.0, contradicts=True)
    ranked = sorted(theirs, key=lambda name: -theirs[name])
    first = ranked[0]
    margin = theirs[first] - (theirs[ranked[1]] if ranked[1:] else 0.0)
    listed = candidate.listed_category
    lead = theirs[first] - theirs.get(listed or "", theirs[first])
    judged = replace(candidate, likeliest=first, confidence=theirs[first], margin=margin)
    return _Judged(judged, margin, lead, contradicts=lead > 0)


def _candidates(judged: Sequence[_Judged]) -> list[Candidate]:
    return [each.candidate for each in judged]

"""What a person is asked while reviewing: a product, why, and what network and shop say of it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from db.categories import Category
from db.errors import HeadError
from db.heads import Head
from db.models import ModelVersion
from db.queries.review_order import Candidate, Why, choose
from db.queries.to_review import Order, read_offers
from db.repository.network_labels import network_shares
from db.states.version_states import active_version
from web.product_addresses import product_address
from web.templating import percent
from worker.learning.asking_anew import candidates_of, judge_anew
from worker.learning.provisional_head import ProvisionalHeads

_QUITE_SURE: Final = 0.9
"""From this probability on nobody would say that the network hesitates."""

_POOL: Final = 2
"""Times as many products as are wanted are judged anew: of these the best are asked."""


@dataclass(frozen=True)
class Wanted:
    """Which questions are wanted: their order, of which source, and how many at most."""

    order: Order = Order.AUTO
    marketplace: str | None = None
    limit: int = 96


@dataclass(frozen=True)
class Question:
    """A product that a person is asked about.

    Attributes:
        why: a word of db/queries/review_order.Why; `reason` is the sentence.
        shares: the probability of each category, to three digits; empty where the network has none to give.
        address: of the product's screen.
    """

    marketplace: str
    asin: str
    title: str | None
    listed_category: str | None
    likeliest: str | None
    confidence: float | None
    why: str
    image_sha256: str | None
    reason: str
    shares: Mapping[str, float]
    address: str

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return dict(vars(self))


@dataclass(frozen=True)
class Questions:
    """Questions, and of how many reviewed products a provisional head has learnt that judged them; None: of none."""

    asked: Sequence[Question]
    taught_by: int | None


def read_questions(
    session: Session, heads: ProvisionalHeads, wanted: Wanted, categories: Sequence[Category], *, fit: bool
) -> Questions:
    """Read what to ask next, by the newest provisional head where there is one.

    Args:
        session: of a read.
        heads: this process's.
        wanted: which.
        categories: for their titles.
        fit: whether a head is fitted first if it is due, which takes a moment.
    """
    version = active_version(session)
    newest = heads.refresh(session) if fit else heads.newest(version)
    pool = wanted.limit * (_POOL if newest else 1)
    offers = read_offers(session, wanted.order, wanted.marketplace, pool)
    shares: dict[int, dict[str, float]] = {}
    if version is not None and newest is not None:
        offers = offers.read(pool)
        shares = _shares(session, version, candidates_of(offers), newest.head)
        offers = judge_anew(offers, shares)
    chosen = choose(offers, wanted.limit)
    if version is not None and newest is None:
        shares = _shares(session, version, [candidate.id for candidate, _ in chosen])
    titles = {category.name: category.title for category in categories}
    asked = [_question(candidate, why, shares.get(candidate.id, {}), titles) for candidate, why in chosen]
    return Questions(asked, newest.taught_by if newest else None)


def _shares(
    session: Session, version: ModelVersion, product_ids: Sequence[int], head: Head | None = None
) -> dict[int, dict[str, float]]:
    """Ask the network; a version whose head is damaged says nothing, and one can review all the same."""
    try:
        return network_shares(session, version, product_ids, head)
    except HeadError:
        return {}


def digest(categories: Sequence[Category]) -> str:
    """Give a short name of the categories as they are: another one as soon as any changes, or their order."""
    text = "\n".join(f"{category.name}\t{category.title}" for category in categories)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _question(
    candidate: Candidate, why: Why, shares: Mapping[str, float], titles: Mapping[str, str]
) -> Question:
    return Question(
        candidate.marketplace, candidate.asin, candidate.title, candidate.listed_category, candidate.likeliest,
        candidate.confidence, why, candidate.image_sha256, _reason(candidate, why, shares, titles),
        {name: round(share, 3) for name, share in shares.items()},
        product_address(candidate.marketplace, candidate.asin),
    )  # fmt: skip


def _reason(candidate: Candidate, why: Why, shares: Mapping[str, float], titles: Mapping[str, str]) -> str:
    """Say in a sentence why it is asked."""

    def named(name: str | None) -> str:
        return titles.get(name or "", name or "nothing")

    if why is Why.NEW_SOURCE:
        return f"{candidate.marketplace} is a new source: its first verdicts teach most."
    if why is Why.CONTRADICTED:
        return f"The shop lists {named(candidate.listed_category)}, the network sees {named(candidate.likeliest)}."
    if why is Why.RANDOM:
        return "Drawn at random: these tell how right the labels are."
    likeliest = sorted(shares, key=lambda name: -shares[name])[:2]
    if not likeliest:
        return f"The network is not sure that it is {named(candidate.likeliest)}."
    if shares[likeliest[0]] > _QUITE_SURE:
        return f"Nothing here is less sure: the network takes it for {named(likeliest[0])}."
    both = " and ".join(f"{named(name)} ({percent(shares[name])})" for name in likeliest)
    return f"The network hesitates between {both}."

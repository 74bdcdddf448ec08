"""The products whose verdict is worth most, in the order of db/queries/review_order.py."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from db.queries.review_candidates import CandidateReader
from db.queries.review_order import RANDOM_EVERY, Candidate, Offers, Why, choose


class Order(StrEnum):
    """What comes first; `auto` is all of them, as they are worth it."""

    AUTO = "auto"
    NEW = "new"
    CONTRADICTED = "contradicted"
    UNSURE = "unsure"
    RANDOM = "random"


@dataclass(frozen=True)
class ToReview:
    """A product that a person should look at, and why."""

    marketplace: str
    asin: str
    title: str | None
    listed_category: str | None
    likeliest: str | None
    confidence: float | None
    why: str
    image_sha256: str | None


def products_to_review(
    session: Session, order: Order = Order.AUTO, marketplace: str | None = None, limit: int = 16
) -> list[ToReview]:
    """List the products whose verdict is worth most, best first, at most `limit`; none that was reviewed.

    Only what the active version, or an earlier one, has labelled is listed.
    """
    offers = read_offers(session, order, marketplace, limit)
    return [to_review(candidate, why) for candidate, why in choose(offers, limit)]


def read_offers(
    session: Session, order: Order = Order.AUTO, marketplace: str | None = None, limit: int = 16
) -> Offers:
    """Give what an order has to offer, from which `choose` takes; it is read as far as it is asked for."""
    return _offers(CandidateReader(session, marketplace, limit), order)


def _offers(reader: CandidateReader, order: Order) -> Offers:
    match order:
        case Order.NEW:
            return Offers(new_sources=reader.new_sources())
        case Order.CONTRADICTED:
            return Offers(contradicted=reader.contradicted())
        case Order.UNSURE:
            return Offers(unsure=reader.unsure())
        case Order.RANDOM:
            return Offers(random=reader.random(reader.limit))
        case Order.AUTO:
            return Offers(
                new_sources=reader.new_sources(),
                contradicted=reader.contradicted(),
                unsure=reader.unsure(),
                random=reader.random(1 + reader.limit // RANDOM_EVERY),
                verdicts=reader.extent.verdicts,
            )


def to_review(candidate: Candidate, why: Why) -> ToReview:
    """Give a candidate as a row for people and programs."""
    return ToReview(
        candidate.marketplace, candidate.asin, candidate.title, candidate.listed_category, candidate.likeliest,
        candidate.confidence, why, candidate.image_sha256,
    )  # fmt: skip

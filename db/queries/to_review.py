"""The products whose verdict is worth most, in the order of db/queries/review_order.py; each order reads an index."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.orm import Session

from db.index_conditions import CONTRADICTED, LABELLED_BY_MODEL, TRAINED_ON
from db.models import Image, Product, ProductImage, Review
from db.queries.review_order import (
    NEW_SOURCE_VERDICTS,
    Candidate,
    NewSource,
    Offers,
    Why,
    by_power_margin,
    choose,
)
from db.states.label_evidence import stands

DRAWN_AMONG: Final = 2000
"""Products of a new source, those of the smallest margin, among which its first verdicts are drawn."""

_DRAWN: Final = 4 * NEW_SOURCE_VERDICTS
"""Of these, those that are looked at, some of which may be near-alikes."""

_DRAWS: Final = (2, *[8] * 8)
"""Rounds of drawing random products, so many times as many as are wanted: some may be gone, reviewed or of others."""


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
    """Read what each order has to offer, at most `limit` of each, from which `choose` takes."""
    given = session.execute(select(func.count(Review.id)).where(stands())).scalar_one()
    theirs = () if marketplace is None else (Product.marketplace == marketplace,)
    offers = Offers(verdicts=given)
    if order in {Order.AUTO, Order.NEW}:
        offers = replace(offers, new_sources=_new_sources(session, marketplace))
    if order in {Order.AUTO, Order.CONTRADICTED}:
        by_contradiction = (Product.contradiction.desc(), Product.id.desc())  # as the index, backwards
        offers = replace(
            offers, contradicted=_read(session, [CONTRADICTED, *theirs], by_contradiction, limit)
        )
    if order in {Order.AUTO, Order.UNSURE}:
        by_margin = (Product.margin, Product.id)
        offers = replace(offers, unsure=_read(session, [_MARGIN, *theirs], by_margin, limit))
    if order in {Order.AUTO, Order.RANDOM}:
        offers = replace(offers, random=_random(session, theirs, limit, seed=given))
    return offers


_MARGIN: Final = f"{LABELLED_BY_MODEL} AND margin IS NOT NULL"


def _new_sources(session: Session, marketplace: str | None) -> list[NewSource]:
    """Find the sources that have fewer than sixteen verdicts, and none of whose listed labels was trained on."""
    trained_on = set(_sources(session, literal_column(TRAINED_ON)))
    sources = _sources(session) if marketplace is None else [marketplace]
    given = {source: _verdicts(session, source) for source in sources if source not in trained_on}
    return [
        _new_source(session, source, verdicts)
        for source, verdicts in given.items()
        if verdicts < NEW_SOURCE_VERDICTS
    ]


def _new_source(session: Session, source: str, verdicts: int) -> NewSource:
    """Read of a source what is drawn from the products of the smallest margin, and not what is not."""
    margins = session.execute(
        select(Product.id, Product.margin)
        .where(literal_column(_MARGIN), Product.marketplace == source)
        .order_by(Product.margin, Product.id)
        .limit(DRAWN_AMONG)
    )
    ids = by_power_margin(((row.id, row.margin or 0.0) for row in margins), verdicts)[:_DRAWN]
    return NewSource(_read(session, [_MARGIN, Product.id.in_(ids)]), verdicts)


def _verdicts(session: Session, source: str) -> int:
    """Count the verdicts on a source's products, as far as it matters: until it is new no more."""
    theirs = select(Review.id).join(Product, Product.id == Review.product_id)
    some = theirs.where(Product.marketplace == source, stands()).limit(NEW_SOURCE_VERDICTS).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one()


def _sources(session: Session, *conditions: ColumnElement[bool]) -> list[str]:
    """List the marketplaces, from each to the next in an index: few, however many products there are."""
    smallest = select(func.min(Product.marketplace).label("name")).where(*conditions)
    first = smallest.cte("sources", recursive=True)
    following = smallest.where(Product.marketplace > first.c.name).scalar_subquery()
    names = first.union_all(select(following).where(first.c.name.is_not(None)))
    return list(session.scalars(select(names.c.name).where(names.c.name.is_not(None))))


def _random(
    session: Session, conditions: Sequence[ColumnElement[bool]], limit: int, seed: int
) -> list[Candidate]:
    """Draw products by their ids, each as likely as every other; the same until a verdict is given."""
    ends = (select(end(Product.id)).where(*conditions).scalar_subquery() for end in (func.min, func.max))
    first, last = session.execute(select(*ends)).one()
    generator, drawn = Random(seed), dict[int, Candidate]()  # noqa: S311 - a sample, no secret
    for times in _DRAWS:
        ids = [generator.randint(first, last) for _ in range(times * limit)] if last else []
        found = {each.id: each for each in _read(session, [_MARGIN, Product.id.in_(ids), *conditions])}
        drawn |= {product_id: found[product_id] for product_id in ids if product_id in found}
        if len(drawn) >= limit or not ids:
            break
    return list(drawn.values())[:limit]


def _read(
    session: Session,
    conditions: Iterable[str | ColumnElement[bool]],
    order: Sequence[Any] = (),
    limit: int | None = None,
) -> list[Candidate]:
    # Conditions are those of the partial indexes word for word, else these are not used.
    where = [literal_column(each) if isinstance(each, str) else each for each in conditions]
    rows = session.execute(_candidates().where(*where).order_by(*order).limit(limit))
    return [Candidate(*row) for row in rows]


def _candidates() -> Select[Any]:
    of_product = (
        Product.id, Product.marketplace, Product.asin, Product.title, Product.listed_category, Product.likeliest,
        Product.confidence, Product.margin,
    )  # fmt: skip
    of_image = (Image.sha256, Image.perceptual_hash, Image.colour_signature)
    columns: list[Any] = [*of_product, *of_image]
    first = (
        select(ProductImage.image_id)
        .where(ProductImage.product_id == Product.id, ProductImage.image_id.is_not(None))
        .order_by(ProductImage.position, ProductImage.id)
        .limit(1)
        .correlate(Product)
        .scalar_subquery()
    )
    return select(*columns).outerjoin_from(Product, Image, Image.id == first)


def to_review(candidate: Candidate, why: Why) -> ToReview:
    """Give a candidate as a row for people and programs."""
    return ToReview(
        candidate.marketplace, candidate.asin, candidate.title, candidate.listed_category, candidate.likeliest,
        candidate.confidence, why, candidate.image_sha256,
    )  # fmt: skip

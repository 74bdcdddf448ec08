"""What the active version changed, and how right it is on what was asked at random: a figure without bias."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.categories import OTHER
from db.errors import HeadError
from db.models import ModelVersion, Product, Review
from db.queries.relabelled import count_changed_labels
from db.queries.review_order import Why
from db.repository.network_labels import network_words
from db.states.label_evidence import latest_reviews
from db.states.version_states import active_version

COUNTED_UP_TO: Final = 10_000
"""Changed labels; counting more would take longer than people wait for a screen."""


@dataclass(frozen=True)
class RightOnRandom:
    """Of the products that were asked about at random and that the version knows, how many it names rightly."""

    right: int
    asked: int

    @property
    def share(self) -> float | None:
        """The share that is right, 0 to 1; None where nothing was asked."""
        return self.right / self.asked if self.asked else None


def right_on_random(session: Session, version: ModelVersion) -> RightOnRandom:
    """Ask a version again for what people were asked at random; verdicts `other` tell nothing of a category.

    No network runs: a version with a body answers from embeddings, another one from its predictions.
    """
    rows = session.execute(
        select(Review.product_id, Review.category, Product.listed_category)
        .join(Product, Product.id == Review.product_id)
        .where(Review.id.in_(latest_reviews()), Review.why == Why.RANDOM, Review.category != OTHER)
    ).all()
    listed = {product_id: listed for product_id, _, listed in rows}
    words = network_words(session, version, lambda ids: ids.in_([*listed]), listed)
    told = [
        word.likeliest == category
        for product_id, category, _ in rows
        if (word := words.get(product_id)) is not None
    ]
    return RightOnRandom(sum(told), len(told))


@dataclass(frozen=True)
class Taught:
    """What the active version changed.

    Attributes:
        version: its number.
        changed: products whose label it changed, counted up to COUNTED_UP_TO.
        before: how right the version before it is on what was asked at random; None: there was none.
        after: how right it is itself.
    """

    version: int
    changed: int
    before: RightOnRandom | None
    after: RightOnRandom

    @property
    def are_more(self) -> bool:
        """Say whether it may have changed more than was counted."""
        return self.changed >= COUNTED_UP_TO


def what_was_taught(session: Session) -> Taught | None:
    """Compare the active version with the one that was active before; None where none is active."""
    version = active_version(session)
    if version is None or version.activated_at is None:
        return None
    earlier = (
        select(ModelVersion)
        .where(ModelVersion.activated_at < version.activated_at)
        .order_by(ModelVersion.activated_at.desc())
        .limit(1)
    )
    before = session.scalars(earlier).one_or_none()
    changed = count_changed_labels(session, version.id, COUNTED_UP_TO)
    told = None if before is None else _right(session, before), _right(session, version)
    return Taught(version.id, changed, *told)


def _right(session: Session, version: ModelVersion) -> RightOnRandom:
    try:
        return right_on_random(session, version)
    except HeadError:  # whoever uses the head says so
        return RightOnRandom(0, 0)

"""How many wrong labels the latest verdicts have found, and how many random ones would have."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, Select, case, func, or_, select
from sqlalchemy.orm import Session

from db.models import Product, Review
from db.queries.review_order import Why
from db.states.label_evidence import stands

LATEST: Final = 100
"""Verdicts that were asked for, of which the gain is told."""

FEWEST_RANDOM: Final = 5
"""Random verdicts from which it is said what random ones would have found."""

_MOST_RANDOM: Final = 1000
_LOOKED_THROUGH: Final = 20_000


@dataclass(frozen=True)
class ReviewGain:
    """What the latest verdicts have found; a label is wrong where the verdict is another.

    The label is what the shop lists; where it lists nothing, what the network finds likeliest.

    Attributes:
        asked: the latest verdicts that were asked for, at most 100, that stand.
        wrong: those of them that found a wrong label.
        random: verdicts on random products, at most the latest thousand.
        wrong_random: those of them that found a wrong label.
    """

    asked: int
    wrong: int
    random: int
    wrong_random: int

    @property
    def by_chance(self) -> int | None:
        """How many wrong labels as many random verdicts would have found; None while too few were given to say."""
        return None if self.random < FEWEST_RANDOM else round(self.asked * self.wrong_random / self.random)


def review_gain(session: Session) -> ReviewGain:
    """Count wrong labels among the latest verdicts, whoever gave them."""
    asked = _count(session, _latest(session, LATEST))
    random = _count(session, _latest(session, _MOST_RANDOM).where(Review.why == Why.RANDOM))
    return ReviewGain(asked.number, asked.wrong, random.number, random.wrong)


def _latest(session: Session, most: int) -> Select[Any]:
    """Select the latest verdicts that were asked for: whether each found a wrong label."""
    last = session.scalar(select(func.max(Review.id))) or 0
    label = func.coalesce(Product.listed_category, Product.likeliest)
    return (
        select(case((or_(label.is_(None), label == Review.category), 0), else_=1).label("wrong"))
        .join(Product, Product.id == Review.product_id)
        .where(Review.id > last - _LOOKED_THROUGH, Review.why.is_not(None), stands())
        .order_by(Review.id.desc())
        .limit(most)
    )


def _count(session: Session, verdicts: Select[Any]) -> Row[Any]:
    rows = verdicts.subquery()
    counted = select(func.count().label("number"), func.coalesce(func.sum(rows.c.wrong), 0).label("wrong"))
    return session.execute(counted.select_from(rows)).one()

"""How many products there are to train on, by label and split, counted in one statement."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Product, Review, Split
from db.states.label_evidence import latest_reviews

_NONE: Final = (0, 0)


@dataclass(frozen=True)
class LabelledCount:
    """Products with a label, by label: how many lie in each split, and how many are in none yet."""

    category: str
    train: int
    validation: int
    test: int
    new: int
    reviewed: int

    @property
    def products(self) -> int:
        """How many there are in all."""
        return self.train + self.validation + self.test + self.new


def count_labelled(session: Session, categories: list[str]) -> list[LabelledCount]:
    """Count the products that have a label to train on, in the order of the categories.

    The label is the verdict that counts, else the listed category. Those without a split have never been trained on.
    """
    latest = latest_reviews().subquery()
    verdicts = select(Review.product_id, Review.category).join(latest, latest.c.id == Review.id).subquery()
    label = func.coalesce(verdicts.c.category, Product.listed_category)
    counted = (
        select(label, Product.split, func.count(), func.count(verdicts.c.category))
        .outerjoin(verdicts, verdicts.c.product_id == Product.id)
        .where(label.is_not(None))
        .group_by(label, Product.split)
    )
    counts: dict[str, dict[Split | None, tuple[int, int]]] = {name: {} for name in categories}
    for name, split, products, reviewed in session.execute(counted):
        if name in counts:
            counts[name][split] = (products, reviewed)
    return [
        LabelledCount(
            category=name,
            train=theirs.get(Split.TRAIN, _NONE)[0],
            validation=theirs.get(Split.VALIDATION, _NONE)[0],
            test=theirs.get(Split.TEST, _NONE)[0],
            new=theirs.get(None, _NONE)[0],
            reviewed=sum(reviewed for _, reviewed in theirs.values()),
        )
        for name, theirs in counts.items()
    ]

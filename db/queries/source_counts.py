"""The sources, each with how many products it has, counted no further than it matters, and whether it is new."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from db.models import Product
from db.queries.counting import count_words
from db.queries.review_candidates import new_source_names

COUNTED_UP_TO: Final = 1000
"""Products of a source."""


@dataclass(frozen=True)
class SourceCount:
    """How many products a source has, up to COUNTED_UP_TO, whether there are more, and whether it is a new source."""

    name: str
    products: int
    are_more: bool
    is_new: bool


def count_sources(session: Session) -> list[SourceCount]:
    """Count the products of each source, in the order of their names."""
    counts = count_words(session, Product.marketplace, COUNTED_UP_TO)
    new = new_source_names(session)
    return [
        SourceCount(name, min(number, COUNTED_UP_TO), number > COUNTED_UP_TO, name in new)
        for name, number in counts.items()
    ]

"""Suspects: recorded with the version whose training found them, so that nobody computes them to read them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from db.models import SuspectLabel
from db.repository.insertion import insert_into
from db.rows import in_chunks


@dataclass(frozen=True)
class SuspectedProduct:
    """A product whose label is probably wrong; the fields are columns of SuspectLabel."""

    product_id: int
    category: str
    reviewed: bool
    probability: float
    suggestion: str
    suggestion_probability: float
    left_out: bool


def record_suspects(session: Session, version_id: int, suspects: Iterable[SuspectedProduct]) -> None:
    """Write down what the training of a version found; recording it twice changes nothing."""
    insert = insert_into(session, SuspectLabel).on_conflict_do_nothing(
        index_elements=["model_version_id", "product_id"]
    )
    for chunk in in_chunks(suspects):
        session.execute(insert, [vars(suspect) | {"model_version_id": version_id} for suspect in chunk])

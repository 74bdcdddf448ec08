"""The suspects of the active version, as its training recorded them."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import ModelVersion, Product, SuspectLabel


@dataclass(frozen=True)
class SuspectRow:
    """A product whose label was probably wrong when the active version was trained: see db/models.py."""

    product_id: int
    marketplace: str
    asin: str
    category: str
    reviewed: bool
    probability: float
    suggestion: str
    suggestion_probability: float
    left_out: bool


def active_suspects(session: Session) -> list[SuspectRow]:
    """List the suspects of the active version, the most suspect first; none without one."""
    lead = SuspectLabel.probability - SuspectLabel.suggestion_probability
    rows = session.execute(
        select(
            Product.id, Product.marketplace, Product.asin, SuspectLabel.category, SuspectLabel.reviewed,
            SuspectLabel.probability, SuspectLabel.suggestion, SuspectLabel.suggestion_probability,
            SuspectLabel.left_out,
        )
        .join(SuspectLabel, SuspectLabel.product_id == Product.id)
        .join(ModelVersion, ModelVersion.id == SuspectLabel.model_version_id)
        .where(ModelVersion.active)
        .order_by(lead, Product.id)
    )  # fmt: skip
    return [SuspectRow(*row) for row in rows]

"""The suspects of a model version as people look at them: with the product's row."""

from dataclasses import dataclass

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from db.models import Product, SuspectLabel
from db.queries.products import ProductRow, product_columns


@dataclass(frozen=True)
class SuspectCard:
    """A product whose label was probably wrong when a version was made, and what it was taken for."""

    product: ProductRow
    category: str
    reviewed: bool
    suggestion: str
    suggestion_probability: float
    left_out: bool


def suspects_of_version(session: Session, version_id: int, limit: int = 60) -> list[SuspectCard]:
    """List the suspects of a version: those that it was made without first, then the most suspect."""
    lead = SuspectLabel.probability - SuspectLabel.suggestion_probability
    columns = product_columns()
    rows = session.execute(
        select(
            SuspectLabel.category, SuspectLabel.reviewed, SuspectLabel.suggestion,
            SuspectLabel.suggestion_probability, SuspectLabel.left_out, *columns,
        )
        .join(Product, Product.id == SuspectLabel.product_id)
        .where(SuspectLabel.model_version_id == version_id)
        .order_by(case((SuspectLabel.left_out, 0), else_=1), lead, Product.id)
        .limit(limit)
    )  # fmt: skip
    return [SuspectCard(ProductRow(*row[5:]), *row[:5]) for row in rows]

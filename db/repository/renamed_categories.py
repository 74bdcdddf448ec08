"""Give a category another name, in what shops and people said of products."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import String, cast, or_, select, update
from sqlalchemy.orm import Session

from db.models import Product, Review
from db.repository.labels import refresh_labels
from db.session import Database

BATCH: Final = 1000
"""Products renamed in one transaction."""


def rename_category(database: Database, old: str, new: str) -> int:
    """Rename a listed category and the verdicts that gave it; give how many products that changed.

    The network's labels follow when it has learnt the new name; the history of labels keeps what was said. Each
    batch is a transaction of its own: whoever is interrupted runs it again.
    """
    changed, after = 0, 0
    while True:
        with database.write() as session:
            ids = _rename_some(session, old, new, after)
        if not ids:
            return changed
        changed, after = changed + len(ids), ids[-1]


def _rename_some(session: Session, old: str, new: str, after: int) -> Sequence[int]:
    reviewed = select(Review.product_id).where(Review.category == old)
    in_list = cast(Product.found_in, String).contains(f'"{old}"', autoescape=True)
    rows = session.execute(
        select(Product.id, Product.found_in)
        .where(Product.id > after)
        .where(or_(Product.listed_category == old, in_list, Product.id.in_(reviewed)))
        .order_by(Product.id)
        .limit(BATCH)
        .with_for_update()
    ).all()
    ids = [product_id for product_id, _ in rows]
    session.execute(
        update(Review).where(Review.product_id.in_(ids), Review.category == old).values(category=new)
    )
    if rows:
        session.execute(update(Product), [_renamed(old, new, *row) for row in rows])
        refresh_labels(session, ids)
    return ids


def _renamed(old: str, new: str, product_id: int, found_in: Sequence[str]) -> dict[str, Any]:
    names = sorted({new if name == old else name for name in found_in})
    return {"id": product_id, "found_in": names, "listed_category": names[0] if len(names) == 1 else None}

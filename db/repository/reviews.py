"""Reviews: recorded once, however often they are sent; taken back, and never deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from db.categories import Category, require_category
from db.database_clock import tell_time
from db.errors import NoReviewError, UnknownProductError
from db.models import Product, Review
from db.repository.insertion import insert_missing
from db.repository.labels import refresh_labels
from db.rows import in_chunks
from db.states.label_evidence import stands


@dataclass(frozen=True)
class Verdict:
    """What a person says that a product is.

    Attributes:
        category: one of categories.toml, or `other`.
        reviewer: who says so; None where nobody is named.
        why: why the product was asked about (`random`, `unsure`, ...); None where nobody was asked.
    """

    marketplace: str
    asin: str
    category: str
    reviewer: str | None = None
    why: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tells products apart."""
        return self.marketplace, self.asin


def record_reviews(
    session: Session, verdicts: Sequence[Verdict], categories: tuple[Category, ...], batch: str | None = None
) -> int:
    """Record verdicts and label their products so, all or none; give how many are new.

    Args:
        session: of a write.
        verdicts: of several on one product the later one counts, and all are kept.
        categories: which words are categories.
        batch: a name of at most 64 characters by which these verdicts are known when they come again: then
            nothing is recorded twice, also if they were taken back meanwhile.

    Raises:
        UnknownCategoryError: a word is neither a category nor `other`.
        UnknownProductError: a product is not there.
    """
    for verdict in verdicts:
        require_category(verdict.category, categories)
    ids = _product_ids(session, verdicts)
    now = tell_time(session)
    rows = [
        {
            "product_id": ids[verdict.key],
            "category": verdict.category,
            "reviewer": verdict.reviewer,
            "why": verdict.why,
            "batch": batch,
            "place": place,
            "created_at": now,
        }
        for place, verdict in enumerate(verdicts)
    ]
    known = select(func.count(Review.id)).where(Review.batch == batch)
    recorded_before = 0 if batch is None else session.execute(known).scalar_one()
    for chunk in in_chunks(rows):
        insert_missing(session, Review, chunk, ("batch", "place"))
    refresh_labels(session, ids.values())
    return len(rows) - recorded_before


def withdraw_review(session: Session, marketplace: str, asin: str, reviewer: str | None = None) -> str:
    """Take the latest verdict on a product back and give its category; the label is what stands without it.

    Args:
        session: of a write.
        marketplace: the product's.
        asin: likewise.
        reviewer: whose latest verdict; None: anybody's.

    Raises:
        UnknownProductError: there is no such product.
        NoReviewError: no verdict stands on it.
    """
    verdict = Verdict(marketplace, asin, "")
    product_id = _product_ids(session, [verdict])[verdict.key]
    latest = select(Review).where(Review.product_id == product_id, stands()).order_by(Review.id.desc())
    if reviewer is not None:
        latest = latest.where(Review.reviewer == reviewer)
    review = session.scalars(latest.limit(1).with_for_update()).one_or_none()
    if review is None:
        by = "" if reviewer is None else f" by {reviewer}"
        raise NoReviewError(f"there is no verdict{by} to take back, got {marketplace} {asin}")
    review.withdrawn_at = tell_time(session)
    session.flush()
    refresh_labels(session, [product_id])
    return review.category


def find_products(session: Session, verdicts: Sequence[Verdict]) -> Mapping[tuple[str, str], int]:
    """Give the ids of those products of verdicts that are there, by the keys of these."""
    ids: dict[tuple[str, str], int] = {}
    for chunk in in_chunks(dict.fromkeys(verdict.key for verdict in verdicts)):
        rows = session.execute(
            select(Product.marketplace, Product.asin, Product.id).where(
                tuple_(Product.marketplace, Product.asin).in_(chunk)
            )
        )
        ids |= {(marketplace, asin): product_id for marketplace, asin, product_id in rows}
    return ids


def _product_ids(session: Session, verdicts: Sequence[Verdict]) -> Mapping[tuple[str, str], int]:
    ids = find_products(session, verdicts)
    missing = [verdict.key for verdict in verdicts if verdict.key not in ids]
    if missing:
        more = f" and {len(missing) - 1} more" if missing[1:] else ""
        raise UnknownProductError(
            f"no product has this marketplace and ASIN, got {' '.join(missing[0])}{more}"
        )
    return ids

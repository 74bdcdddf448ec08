"""What can be trained on: the products with a label, and the pictures that show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import Session

from db.categories import OTHER, Category
from db.models import Image, ModelVersion, Product, ProductImage, Review, Split
from db.pictures.codes import QualityCode
from db.states.image_states import is_set_aside
from db.states.label_evidence import is_shared_by_few, latest_reviews


@dataclass(frozen=True)
class LabelledImage:
    """One picture of a labelled product.

    Attributes:
        category: the latest review's verdict, else the listed category; `other` for a known negative.
        source: the product's marketplace.
        split: that of its product; None before its first training.
        reviewed: whether a person gave the category.
        quality: what is poor about the picture.
        why: why the person was asked; None where nobody was, or it is not known.
    """

    image_id: int
    sha256: str
    product_id: int
    source: str
    category: str
    split: Split | None
    perceptual_hash: str
    colour_signature: str
    reviewed: bool = False
    quality: tuple[QualityCode, ...] = ()
    why: str | None = None


def labelled_images(
    session: Session, categories: tuple[Category, ...], products: Select[int] | None = None
) -> list[LabelledImage]:
    """List the pictures to train on, in the order of their products and ids.

    A picture that many products share, or that products of different labels share, is left out; and so is one
    that was called `other` before one of the categories existed, which it may show.

    Args:
        session: of a read or a write.
        categories: which labels there are.
        products: the ids of those whose pictures are wanted; None: all.
    """
    among = true() if products is None else ProductImage.product_id.in_(products)
    theirs = select(ProductImage.image_id).where(among)
    latest = latest_reviews().subquery()
    of_review = (Review.product_id, Review.category, Review.why, Review.created_at)
    verdicts = select(*of_review).join(latest, latest.c.id == Review.id).subquery()
    label = func.coalesce(verdicts.c.category, Product.listed_category)
    known = [category.name for category in categories]
    clear = (
        select(ProductImage.image_id)
        .join(Product, Product.id == ProductImage.product_id)
        .outerjoin(verdicts, verdicts.c.product_id == Product.id)
        .where(true() if products is None else ProductImage.image_id.in_(theirs))
        .group_by(ProductImage.image_id)
        .having(is_shared_by_few(), func.count(func.coalesce(label, "").distinct()) == 1)
    )
    rows = session.execute(
        select(
            Image.id, Image.sha256, Product.id, Product.marketplace, label, Product.split,
            Image.perceptual_hash, Image.colour_signature, verdicts.c.category.is_not(None), Image.quality,
            verdicts.c.why, verdicts.c.created_at,
        )
        .distinct()
        .join(ProductImage, ProductImage.image_id == Image.id)
        .join(Product, Product.id == ProductImage.product_id)
        .outerjoin(verdicts, verdicts.c.product_id == Product.id)
        .where(label.in_([*known, OTHER]), ~is_set_aside(), Image.id.in_(clear), among)
        .order_by(Product.id, Image.id)
    )  # fmt: skip
    images = [(LabelledImage(*values), reviewed_at) for *values, reviewed_at in rows]
    known_since = _known_since(session, {image.category for image, _ in images} - {OTHER})
    return [
        image
        for image, reviewed_at in images
        if image.category != OTHER or reviewed_at is None or known_since is None or reviewed_at >= known_since
    ]


def _known_since(session: Session, categories: Iterable[str]) -> datetime | None:
    """Say since when a person could tell all the categories from `other`; None: always.

    A category that the first model version knew was there from the beginning; each other one since it was first
    given by a review, or known to a version.
    """
    first_known: dict[str, datetime] = {}
    versions = select(ModelVersion.categories, ModelVersion.created_at).order_by(ModelVersion.id)
    known = session.execute(versions).all()
    for names, created_at in known:
        for name in names:
            first_known.setdefault(name, created_at)
    if not known:
        return None
    given = select(Review.category, func.min(Review.created_at)).group_by(Review.category)
    for name, created_at in session.execute(given):
        first_known[name] = min(created_at, first_known.get(name, created_at))
    added = set(categories) - set(known[0][0])
    return max((first_known.get(name, datetime.max.replace(tzinfo=UTC)) for name in added), default=None)


def products_with_pictures(session: Session, categories: tuple[Category, ...]) -> dict[str, int]:
    """Count, per category, the products that could be trained on."""
    products = {(image.category, image.product_id) for image in labelled_images(session, categories)}
    return {c.name: sum(category == c.name for category, _ in products) for c in categories}

"""What can be trained on: the products with a label, and the pictures that show them."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.categories import OTHER, Category
from db.models import Image, Product, ProductImage, Review, Split
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


def labelled_images(session: Session, categories: tuple[Category, ...]) -> list[LabelledImage]:
    """List the pictures to train on, in the order of their products and ids.

    A picture that many products share, or that products of different labels share, is left out.
    """
    latest = latest_reviews().subquery()
    verdicts = select(Review.product_id, Review.category).join(latest, latest.c.id == Review.id).subquery()
    label = func.coalesce(verdicts.c.category, Product.listed_category)
    known = [category.name for category in categories]
    clear = (
        select(ProductImage.image_id)
        .join(Product, Product.id == ProductImage.product_id)
        .outerjoin(verdicts, verdicts.c.product_id == Product.id)
        .group_by(ProductImage.image_id)
        .having(is_shared_by_few(), func.count(func.coalesce(label, "").distinct()) == 1)
    )
    rows = session.execute(
        select(
            Image.id, Image.sha256, Product.id, Product.marketplace, label, Product.split,
            Image.perceptual_hash, Image.colour_signature, verdicts.c.category.is_not(None), Image.quality,
        )
        .distinct()
        .join(ProductImage, ProductImage.image_id == Image.id)
        .join(Product, Product.id == ProductImage.product_id)
        .outerjoin(verdicts, verdicts.c.product_id == Product.id)
        .where(label.in_([*known, OTHER]), ~is_set_aside(), Image.id.in_(clear))
        .order_by(Product.id, Image.id)
    )  # fmt: skip
    return [LabelledImage(*row) for row in rows]


def products_with_pictures(session: Session, categories: tuple[Category, ...]) -> dict[str, int]:
    """Count, per category, the products that could be trained on."""
    products = {(image.category, image.product_id) for image in labelled_images(session, categories)}
    return {c.name: sum(category == c.name for category, _ in products) for c in categories}

"""The one place that writes labels: from the latest review, else from the active version's predictions."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.categories import OTHER
from db.models import Image, ModelVersion, Prediction, Product, ProductImage, Review, utc_now
from db.rows import in_chunks
from db.states.image_states import is_set_aside
from db.states.label_evidence import is_shared_by_few, latest_reviews
from db.states.version_states import active_version


@dataclass(frozen=True)
class Label:
    """The values of a product's label columns; all None means unclassified.

    The last three are the network's word, also beside a review: see db/models.py.
    """

    category: str | None = None
    confidence: float | None = None
    uncertain: bool | None = None
    label_version_id: int | None = None
    likeliest: str | None = None
    margin: float | None = None
    contradiction: float | None = None


_OF_NETWORK: Final = ("likeliest", "margin", "contradiction")


@dataclass(frozen=True)
class _ImageRow:
    """What the active version says of one image that counts; None until it is predicted."""

    probabilities: dict[str, float] | None
    in_distribution: float | None


def refresh_labels(session: Session, product_ids: Iterable[int]) -> None:
    """Rewrite the label columns of the products, in the caller's transaction.

    A product is labelled by its latest review that stands; else by the mean of the active version's
    probabilities over its images, once that version has predicted all that count. Until then it keeps the label
    that it has; but a verdict that was taken back gives way to the newest version that has predicted them all.
    """
    version = active_version(session)
    for chunk in in_chunks(sorted(set(product_ids))):
        # Two workers that finish images of one product take turns here, so that the later sees the earlier's.
        products = session.scalars(
            select(Product).where(Product.id.in_(chunk)).order_by(Product.id).with_for_update()
        ).all()
        verdicts = _verdicts(session, chunk)
        predictions = _predictions(session, chunk, version)
        for product in products:
            label = _predicted(version, predictions.get(product.id, []), product.listed_category)
            if product.id in verdicts:
                said = {name: getattr(product if label is None else label, name) for name in _OF_NETWORK}
                label = replace(_reviewed(verdicts[product.id]), **said)
            elif label is None and _is_by_review(product):
                label = _without_review(session, product)
            if label is not None:
                _write(product, label)
    session.flush()


def _verdicts(session: Session, product_ids: Sequence[int]) -> dict[int, str]:
    latest = latest_reviews().where(Review.product_id.in_(product_ids))
    rows = session.execute(select(Review.product_id, Review.category).where(Review.id.in_(latest)))
    return dict(rows.all())


def _reviewed(verdict: str) -> Label:
    return Label(category=None if verdict == OTHER else verdict, uncertain=False)


def _is_by_review(product: Product) -> bool:
    return product.uncertain is False and product.confidence is None


def _without_review(session: Session, product: Product) -> Label:
    """Label by the newest version that has predicted every image that counts; unclassified where none has."""
    theirs = select(ProductImage.image_id).where(ProductImage.product_id == product.id)
    asked = select(Prediction.model_version_id).where(Prediction.image_id.in_(theirs)).distinct()
    versions = select(ModelVersion).where(ModelVersion.id.in_(asked)).order_by(ModelVersion.id.desc())
    labels = (
        _predicted(
            version, _predictions(session, [product.id], version).get(product.id, []), product.listed_category
        )
        for version in session.scalars(versions)
    )
    return next((label for label in labels if label is not None), Label())


def _predictions(
    session: Session, product_ids: Sequence[int], version: ModelVersion | None
) -> dict[int, list[_ImageRow]]:
    """Give each product a row per image that counts; its probabilities are None until it is predicted."""
    if version is None:
        return {}
    theirs = select(ProductImage.image_id).where(ProductImage.product_id.in_(product_ids))
    counting = (
        select(ProductImage.image_id)
        .where(ProductImage.image_id.in_(theirs))
        .group_by(ProductImage.image_id)
        .having(is_shared_by_few())
    )
    rows = session.execute(
        select(ProductImage.product_id, Image.id, Prediction.probabilities, Prediction.in_distribution)
        .distinct()
        .join(Image, Image.id == ProductImage.image_id)
        .outerjoin(
            Prediction, (Prediction.image_id == Image.id) & (Prediction.model_version_id == version.id)
        )
        .where(ProductImage.product_id.in_(product_ids), Image.id.in_(counting), ~is_set_aside())
    )
    grouped = defaultdict(list)
    for product_id, _image_id, probabilities, in_distribution in rows:
        grouped[product_id].append(_ImageRow(probabilities, in_distribution))
    return dict(grouped)


def _predicted(
    version: ModelVersion | None, rows: Sequence[_ImageRow], listed_category: str | None
) -> Label | None:
    """Average over images; None where the earlier label has to stay."""
    if version is None or any(row.probabilities is None for row in rows):
        return None
    if not rows:
        return Label()
    mean = {name: fmean((row.probabilities or {})[name] for row in rows) for name in version.categories}
    likeliest, second = sorted(mean, key=mean.__getitem__, reverse=True)[:2]
    in_distribution = fmean(row.in_distribution or 0.0 for row in rows)
    uncertain = mean[likeliest] < version.threshold or in_distribution < version.in_distribution_threshold
    return Label(
        None if uncertain else likeliest,
        mean[likeliest],
        uncertain,
        version.id,
        likeliest,
        margin=mean[likeliest] - mean[second],
        contradiction=mean[likeliest] - mean[listed_category]
        if listed_category in mean and listed_category != likeliest
        else None,
    )


def _write(product: Product, label: Label) -> None:
    now = {name: getattr(product, name) for name in vars(label)}
    if now == vars(label):
        return
    for name, value in vars(label).items():
        setattr(product, name, value)
    if any(now[name] != value for name, value in vars(label).items() if name not in _OF_NETWORK):
        product.classified_at = None if label.uncertain is None else utc_now()

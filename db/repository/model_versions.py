"""Model versions: recorded by a training run, active one at a time."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.errors import UnknownModelVersionError
from db.models import Image, ModelVersion, Prediction, Product, ProductImage, Split, utc_now
from db.repository.labels import refresh_labels
from db.rows import in_chunks


def record_model_version(session: Session, training_run_id: int, values: Mapping[str, Any]) -> int:
    """Keep what a training run made, not active yet; `values` are the columns of ModelVersion.

    A version with a body has `body_id` and `head`, and the SHA-256s of its body, which keeps the artefact.
    """
    version = ModelVersion(training_run_id=training_run_id, **values)
    session.add(version)
    session.flush()
    return version.id


def activate(session: Session, version_id: int) -> None:
    """Make a model version the one whose word counts; every image that its network has not seen is pending then.

    Of a version without a body, products whose images it has all predicted before, as after a rollback, are
    relabelled at once. Products that a version with a body can label from embeddings wait for
    db/repository/relabelling.py.

    Raises:
        UnknownModelVersionError: there is no such version.
    """
    version = session.get(ModelVersion, version_id)
    if version is None:
        raise UnknownModelVersionError(f"`python -m worker models` lists the versions, got {version_id}")
    no_more = {"active": False, "relabelled_up_to": None}
    session.execute(update(ModelVersion).where(ModelVersion.active).values(no_more))
    version.active, version.activated_at = True, utc_now()
    version.relabelled_up_to = None if version.body_id is None else 0
    session.flush()
    if version.body_id is None:
        _relabel_predicted(session, version_id)


def _relabel_predicted(session: Session, version_id: int) -> None:
    theirs = select(Prediction.image_id).where(Prediction.model_version_id == version_id)
    session.execute(
        update(Image)
        .where(Image.id.in_(theirs))
        .values(predicted_version_id=version_id)
        .execution_options(synchronize_session=False)
    )
    predicted = (
        select(ProductImage.product_id)
        .distinct()
        .join(Prediction, Prediction.image_id == ProductImage.image_id)
        .where(Prediction.model_version_id == version_id)
    )
    refresh_labels(session, session.scalars(predicted))


def store_splits(session: Session, splits: Mapping[int, Split]) -> None:
    """Write down the splits of products that had none; a split never changes."""
    for split in Split:
        ids = [product_id for product_id, theirs in splits.items() if theirs == split]
        for chunk in in_chunks(ids):
            session.execute(
                update(Product).where(Product.id.in_(chunk), Product.split.is_(None)).values(split=split)
            )

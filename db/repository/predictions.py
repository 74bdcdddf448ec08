"""Claim images for classifying, and record what came of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from db.database_clock import database_now
from db.models import Image, ModelVersion, Prediction, ProductImage, utc_now
from db.pictures.codes import Reason
from db.repository.bodies import record_embeddings
from db.repository.insertion import insert_missing
from db.repository.labels import refresh_labels
from db.rows import in_chunks
from db.states.image_states import BATCH_SIZES, LEASE, is_exhausted, is_free, is_set_aside


@dataclass(frozen=True)
class ClassifiedImage:
    """What a model version says of an image: calibrated probabilities, and how familiar it looks.

    Attributes:
        embedding: int8 values, what the version's body makes of the image; None for a version without a body.
    """

    image_id: int
    probabilities: dict[str, float]
    in_distribution: float
    embedding: bytes | None = None


def claim_images(session: Session, image_ids: Sequence[int], version_id: int) -> list[int]:
    """Lease those of the images that are free to the caller for 45 seconds, and count the attempt.

    The claim is short and holds no lock afterwards: a claim whose owner died runs out by itself. A message that
    killed its worker is delivered again, so that what was tried before is claimed in batches as small as the
    attempts ask for, whatever the message holds; the rest has messages of its own.

    Returns:
        The claimed ids, ascending.
    """
    version = session.get_one(ModelVersion, version_id)
    free = session.execute(
        select(Image.id, Image.attempts)
        .where(Image.id.in_(image_ids), is_free(version))
        .order_by(Image.attempts, Image.id)
        .with_for_update(skip_locked=True)
    ).all()
    if not free:
        return []
    attempts = free[0].attempts
    claimed = [row.id for row in free if row.attempts == attempts][: BATCH_SIZES[attempts]]
    values = {"leased_until": database_now(LEASE), "attempts": attempts + 1}
    session.execute(update(Image).where(Image.id.in_(claimed)).values(values))
    return claimed


def release_images(session: Session, image_ids: Sequence[int]) -> None:
    """Give those of the images that are still claimed back untried, as when the worker is told to stop."""
    values = {"leased_until": None, "attempts": Image.attempts - 1}
    claimed = Image.id.in_(image_ids) & Image.leased_until.is_not(None)
    session.execute(update(Image).where(claimed).values(values))


def record_predictions(
    session: Session,
    version_id: int,
    classified: Sequence[ClassifiedImage],
    failures: Mapping[int, Reason],
) -> None:
    """Write predictions, embeddings and reasons, end the claims and relabel the products, in one transaction.

    Recording an image twice changes nothing: the first prediction of a version stays, and the first embedding of
    a body.

    Raises:
        EmbeddingWidthError: the version has a body, and an embedding is missing or has another width.
    """
    now = utc_now()
    rows = [
        {
            "image_id": image.image_id,
            "model_version_id": version_id,
            "probabilities": image.probabilities,
            "in_distribution": image.in_distribution,
            "created_at": now,
        }
        for image in classified
    ]
    insert_missing(session, Prediction, rows, ("image_id", "model_version_id"))
    body_id = session.get_one(ModelVersion, version_id).body_id
    if body_id is not None:
        record_embeddings(session, body_id, {image.image_id: image.embedding or b"" for image in classified})
    image_ids = [image.image_id for image in classified]
    values = {"leased_until": None, "attempts": 0, "predicted_version_id": version_id}
    session.execute(update(Image).where(Image.id.in_(image_ids)).values(values))
    set_aside(session, failures)
    refresh_labels(session, _products_showing(session, image_ids))


def set_aside(session: Session, failures: Mapping[int, Reason]) -> None:
    """Give images that cannot be classified their reasons, end their claims and relabel their products."""
    for image_id, reason in failures.items():
        values = {"reason": reason, "leased_until": None, "attempts": 0}
        session.execute(update(Image).where(Image.id == image_id).values(values))
    refresh_labels(session, _products_showing(session, list(failures)))


def set_aside_exhausted(session: Session) -> int:
    """Give images whose every attempt ended with a dead worker their reason; give how many."""
    exhausted = (
        update(Image)
        .where(is_exhausted())
        .values(reason=Reason.WORKER_DIED, leased_until=None)
        .returning(Image.id)
        .execution_options(synchronize_session=False)
    )
    image_ids = list(session.scalars(exhausted))
    refresh_labels(session, _products_showing(session, image_ids))
    return len(image_ids)


def retry_images(session: Session, reason: Reason) -> int:
    """Make images that were set aside for that reason pending again; give how many."""
    return _put_back(session, Image.reason == reason)


def put_back_images(session: Session, image_ids: Sequence[int]) -> int:
    """Make some of the images that were set aside pending again; give how many of them still were."""
    return sum(_put_back(session, is_set_aside() & Image.id.in_(chunk)) for chunk in in_chunks(image_ids))


def _put_back(session: Session, chosen: ColumnElement[bool]) -> int:
    again = (
        update(Image)
        .where(chosen)
        .values(reason=None, attempts=0, leased_until=None)
        .returning(Image.id)
        .execution_options(synchronize_session=False)
    )
    return len(list(session.scalars(again)))


def _products_showing(session: Session, image_ids: Sequence[int]) -> set[int]:
    return {
        product_id
        for chunk in in_chunks(image_ids)
        for product_id in session.scalars(
            select(ProductImage.product_id).where(ProductImage.image_id.in_(chunk))
        )
    }

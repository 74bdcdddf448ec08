"""The states of an image: pending, free to be claimed, exhausted, set aside.

Each is a condition on `images`, asked anew every time and stored nowhere, so that nothing can contradict the records.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, exists, or_
from sqlalchemy.orm import InstrumentedAttribute

from db.database_clock import database_now
from db.messages import BATCH_SIZE
from db.models import Embedding, Image, ModelVersion, Prediction
from db.states.run_states import AHEAD

LEASE: Final = timedelta(seconds=45)
"""How long a claim lasts; one whose owner has died runs out by itself."""

BATCH_SIZES: Final = (BATCH_SIZE, 8, 1)
"""By attempts so far: an image that kills its worker is alone at the last, and the others of its batch are done."""

MAX_IMAGE_ATTEMPTS: Final = len(BATCH_SIZES)


def is_set_aside() -> ColumnElement[bool]:
    """Select images that are not to be classified, for a reason."""
    return Image.reason.is_not(None)


def is_pending(version: ModelVersion) -> ColumnElement[bool]:
    """Select images that are not set aside and that the version's network has still to see.

    Those are, of a version with a body, the images that this body has not embedded, whichever version it did so
    for: the others are labelled by arithmetic. Of a version without one, those that it has not predicted.
    """
    return ~is_set_aside() & ~is_seen(version)


def is_seen(version: ModelVersion) -> ColumnElement[bool]:
    """Select images that the version's network has seen: its body, or, without one, the version itself."""
    if version.body_id is None:
        return exists().where(Prediction.image_id == Image.id, Prediction.model_version_id == version.id)
    return exists().where(Embedding.image_id == Image.id, Embedding.body_id == version.body_id)


def is_free(version: ModelVersion) -> ColumnElement[bool]:
    """Select pending images with attempts left that nobody has claimed, or whose claim has run out."""
    unclaimed = Image.leased_until.is_(None) | has_run_out()
    return is_pending(version) & unclaimed & (Image.attempts < MAX_IMAGE_ATTEMPTS)


def has_run_out() -> ColumnElement[bool]:
    """Select claimed images whose claim has run out, or reaches further than any does: then a clock was wrong."""
    return or_(Image.leased_until < database_now(), Image.leased_until > database_now(LEASE + AHEAD))


def is_exhausted() -> ColumnElement[bool]:
    """Select images whose every attempt ended with a dead worker, and that are still to be set aside."""
    return ~is_set_aside() & has_run_out() & (Image.attempts >= MAX_IMAGE_ATTEMPTS)


def last_seen_by(version: ModelVersion) -> InstrumentedAttribute[int | None]:
    """Give the column of an index that says which body, or which version without one, saw an image last."""
    return Image.predicted_version_id if version.body_id is None else Image.embedded_body_id


def unread_ranges(version: ModelVersion) -> tuple[ColumnElement[bool], ...]:
    """Give the three ranges of an index that hold every image which is pending for the version.

    One condition for all three would be read from no index.
    """
    last, number = last_seen_by(version), number_of(version)
    return last.is_(None), last < number, last > number


def number_of(version: ModelVersion) -> int:
    """Give what `last_seen_by` holds of the images that the version's network saw last."""
    return version.id if version.body_id is None else version.body_id

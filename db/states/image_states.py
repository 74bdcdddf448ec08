"""The states of an image: pending, free to be claimed, exhausted, set aside.

Each is a condition on `images`, asked anew every time and stored nowhere, so that nothing can contradict the records.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, exists, or_

from db.messages import BATCH_SIZE
from db.models import Image, Prediction, utc_now

LEASE: Final = timedelta(seconds=45)
"""How long a claim lasts; one whose owner has died runs out by itself."""

BATCH_SIZES: Final = (BATCH_SIZE, 8, 1)
"""By attempts so far: an image that kills its worker is alone at the last, and the others of its batch are done."""

MAX_IMAGE_ATTEMPTS: Final = len(BATCH_SIZES)


def is_set_aside() -> ColumnElement[bool]:
    """Select images that are not to be classified, for a reason."""
    return Image.reason.is_not(None)


def is_pending(version_id: int) -> ColumnElement[bool]:
    """Select images that the version has not predicted and that are not set aside."""
    predicted = exists().where(Prediction.image_id == Image.id, Prediction.model_version_id == version_id)
    return ~is_set_aside() & ~predicted


def is_free(version_id: int) -> ColumnElement[bool]:
    """Select pending images with attempts left that nobody has claimed, or whose claim has run out."""
    unclaimed = or_(Image.leased_until.is_(None), Image.leased_until < utc_now())
    return is_pending(version_id) & unclaimed & (Image.attempts < MAX_IMAGE_ATTEMPTS)


def is_exhausted() -> ColumnElement[bool]:
    """Select images whose every attempt ended with a dead worker, and that are still to be set aside."""
    abandoned = Image.leased_until < utc_now()
    return ~is_set_aside() & abandoned & (Image.attempts >= MAX_IMAGE_ATTEMPTS)


def unread_ranges(version_id: int) -> tuple[ColumnElement[bool], ...]:
    """Give the three ranges of an index that hold every image which the version has not predicted.

    One condition for all three would be read from no index.
    """
    last = Image.predicted_version_id
    return last.is_(None), last < version_id, last > version_id

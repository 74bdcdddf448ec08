"""What waits to be classified: always asked of the records, never remembered."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.messages import BATCH_SIZE
from db.models import Image
from db.repository.labels import active_version
from db.repository.predictions import MAX_ATTEMPTS, is_free, is_pending
from db.repository.rows import in_chunks

_BATCH_SIZES: Final = (BATCH_SIZE, 8, 1)
"""By attempts so far: an image that kills its worker is soon alone, and the others of its batch are done."""


def count_pending(session: Session) -> int:
    """Count the images that the active version has not predicted; 0 with no active version."""
    version = active_version(session)
    if version is None:
        return 0
    return session.scalar(select(func.count(Image.id)).where(is_pending(version.id))) or 0


def pending_batches(session: Session, limit: int = 10_000) -> Iterator[list[int]]:
    """Cut the ids of pending images that nobody has claimed into messages, at most `limit` ids in all."""
    version = active_version(session)
    if version is None:
        return
    rows = session.execute(
        select(Image.id, Image.attempts)
        .where(is_pending(version.id), is_free(), Image.attempts < MAX_ATTEMPTS)
        .order_by(Image.id)
        .limit(limit)
    )
    by_attempts = defaultdict(list)
    for image_id, attempts in rows:
        by_attempts[attempts].append(image_id)
    for attempts, image_ids in sorted(by_attempts.items()):
        yield from in_chunks(image_ids, _BATCH_SIZES[attempts])

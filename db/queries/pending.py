"""What waits to be classified: always asked of the records, never remembered."""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from db.models import Image
from db.rows import in_chunks
from db.states.image_states import BATCH_SIZES, is_free, is_pending, last_seen_by, unread_ranges
from db.states.version_states import active_version


def count_pending(session: Session) -> int:
    """Count the images that wait for the active version, in a time that grows with their number.

    With no active version nothing is pending: 0.
    """
    version = active_version(session)
    if version is None:
        return 0
    pending = (
        select(func.count(Image.id)).where(unread, is_pending(version)) for unread in unread_ranges(version)
    )
    return sum(session.execute(statement).scalar_one() for statement in pending)


def pending_batches(
    session: Session, limit: int = 10_000, *, tried: bool | None = None
) -> Iterator[list[int]]:
    """Cut the ids of the images that are free into messages.

    Args:
        session: of a read.
        limit: of ids in all.
        tried: only those that some attempt was made at, or only the others; None: all, the others first.
    """
    version = active_version(session)
    if version is None:
        return
    wanted = true() if tried is None else (Image.attempts > 0) == tried
    by_attempts = defaultdict(list)
    for unread in unread_ranges(version):
        rows = session.execute(
            select(Image.id, Image.attempts)
            .where(unread, is_free(version), wanted)
            .order_by(last_seen_by(version), Image.id)
            .limit(limit)
        ).all()
        for image_id, attempts in rows:
            by_attempts[attempts].append(image_id)
        limit -= len(rows)
    for attempts, image_ids in sorted(by_attempts.items()):
        yield from in_chunks(image_ids, BATCH_SIZES[attempts])

"""Relabel every product after a version was activated, from what its network has seen: a round at a time, by anybody.

That are embeddings, or, of a version without a body, its predictions; no network runs. How far it has come stands in
the version's row and follows the labels: whoever is killed leaves at most a round that is relabelled again, to the
same labels, and whoever comes next goes on there.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.models import Image, ModelVersion, Product, ProductImage, TrainingRun
from db.repository.labels import relabel
from db.rows import in_chunks
from db.session import Database
from db.states.image_states import is_seen, is_set_aside, last_seen_by, number_of, unread_ranges
from db.states.version_states import RelabelProgress, active_version, relabel_progress

PRODUCTS_AT_ONCE: Final = 1000
"""A part. A writer of one of its products waits until they are all relabelled, a fraction of a second."""

PARTS_AT_ONCE: Final = 8
"""A round, after which it is written down how far it is."""

_CONNECTIONS: Final = 2
"""While the database writes one part, the next is computed."""


class _Part(NamedTuple):
    """Neighbouring products, by the ids of the first and the last."""

    first: int
    last: int


def relabel_some(
    database: Database, products: int = PRODUCTS_AT_ONCE, parts: int = PARTS_AT_ONCE
) -> RelabelProgress | None:
    """Relabel the next products by the active version; None when there is nothing to do, or somebody is at it.

    A product under a verdict keeps its label; what the network says of it is written all the same. One whose
    images the version's network has not all seen keeps the label it has until they are classified.

    Args:
        database: each part is a transaction of its own; in SQLite, which has one writer, a round is one part.
        products: at most so many in a part.
        parts: at most so many in the round.
    """
    at_most = products * (1 if _is_sqlite(database) else parts)
    with database.write() as session:
        version = _take(session)
        if version is None or version.relabelled_up_to is None:
            return None
        before = version.relabelled_up_to
        ids = _following(session, before, at_most)
        changed = sum(_relabel(database, session, [_Part(at[0], at[-1]) for at in in_chunks(ids, products)]))
        if ids:
            _mark_as_read(session, version, _Part(ids[0], ids[-1]))
        up_to = ids[-1] if ids else before
        _move(session, version, up_to if len(ids) == at_most else None)
        return replace(relabel_progress(session, version), done=up_to, changed=changed)


def _is_sqlite(database: Database) -> bool:
    return database.engine.dialect.name == "sqlite"


def _take(session: Session) -> ModelVersion | None:
    """Give the version by which to relabel and keep others from it; None if there is none, or they are at it.

    What is locked is the row of the run that made the version, which nobody writes any more: neither who records what
    the network sees waits for it, nor who activates a version.
    """
    of_version = select(TrainingRun.id).join(ModelVersion, ModelVersion.training_run_id == TrainingRun.id)
    waiting = of_version.where(ModelVersion.active, ModelVersion.relabelled_up_to.is_not(None))
    locked = waiting.with_for_update(of=TrainingRun, skip_locked=True, key_share=True)
    if session.scalar(locked) is None:
        return None
    return active_version(session)  # asked again: until the lock was there, others may have moved it


def _following(session: Session, product_id: int, at_most: int) -> Sequence[int]:
    following = select(Product.id).where(Product.id > product_id).order_by(Product.id).limit(at_most)
    return session.scalars(following).all()


def _move(session: Session, version: ModelVersion, up_to: int | None) -> None:
    """Write how far the version is, unless one was activated meanwhile: relabelling begins anew then."""
    session.execute(
        update(ModelVersion)
        .where(ModelVersion.id == version.id, ModelVersion.relabelled_up_to == version.relabelled_up_to)
        .where(ModelVersion.activated_at == version.activated_at)
        .values(relabelled_up_to=up_to)
        .execution_options(synchronize_session=False)
    )


def _relabel(database: Database, session: Session, parts: Sequence[_Part]) -> list[int]:
    """Relabel parts, two at a time where a database has several writers; give of each how many labels changed."""
    if _is_sqlite(database):
        return [_relabel_part(session, part) for part in parts]
    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        return list(threads.map(lambda part: _commit_part(database, part), parts))


def _commit_part(database: Database, part: _Part) -> int:
    with database.write() as session:
        # Neighbours lie together, mostly in memory; taken for scattered over a disk, they would be sought by reading
        # all that there is, a part at a time. And nobody waits for the disk: what it loses is relabelled again.
        settings = {"random_page_cost": "1.1", "synchronous_commit": "off"}
        session.execute(select(*(func.set_config(name, value, True) for name, value in settings.items())))
        return _relabel_part(session, part)


def _relabel_part(session: Session, part: _Part) -> int:
    return relabel(session, lambda ids: ids.between(part.first, part.last))


def _mark_as_read(session: Session, version: ModelVersion, part: _Part) -> None:
    """Write of the products' images that the version's network has seen them, where another was the last to."""
    if not _was_another(session, version):
        return
    theirs = select(ProductImage.image_id).where(ProductImage.product_id.between(part.first, part.last))
    column, number = last_seen_by(version), number_of(version)
    session.execute(
        update(Image)
        .where(Image.id.in_(theirs), is_seen(version), column.is_distinct_from(number))
        .values({column: number})
        .execution_options(synchronize_session=False)
    )


def _was_another(session: Session, version: ModelVersion) -> bool:
    """Say whether another network saw some image last: the first that the index has, if any."""
    by_another = (
        select(Image.id).where(range_, ~is_set_aside()).order_by(last_seen_by(version), Image.id).limit(1)
        for range_ in unread_ranges(version)[1:]
    )
    return any(session.scalar(statement) is not None for statement in by_another)

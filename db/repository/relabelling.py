"""Relabel every product after a version was activated, from what its network has seen: a part at a time, by anybody.

That are embeddings, or, of a version without a body, its predictions; no network runs. How far it has come stands in
the version's row and moves with the labels, so that whoever is killed has lost one part, and whoever comes next goes
on there.
"""

from dataclasses import replace
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.models import Image, ModelVersion, Product, ProductImage
from db.repository.labels import relabel
from db.states.image_states import is_seen, is_set_aside, last_seen_by, number_of, unread_ranges
from db.states.version_states import RelabelProgress, relabel_progress

PRODUCTS_AT_ONCE: Final = 2000
"""A writer of one of them waits until they are all relabelled, a fraction of a second."""


def relabel_some(session: Session, products: int = PRODUCTS_AT_ONCE) -> RelabelProgress | None:
    """Relabel the next products by the active version; None when there is nothing to do, or somebody is at it.

    A product under a verdict keeps its label; what the network says of it is written all the same. One whose
    images the version's network has not all seen keeps the label it has until they are classified.

    Args:
        session: of a write, which ends with the part.
        products: at most so many.
    """
    version = session.scalars(
        select(ModelVersion)
        .where(ModelVersion.active, ModelVersion.relabelled_up_to.is_not(None))
        # Not against those who refer to the version, as every recorded prediction does.
        .with_for_update(skip_locked=True, key_share=True)
    ).one_or_none()
    if version is None:
        return None
    following = select(Product.id).where(Product.id > version.relabelled_up_to)
    ids = following.order_by(Product.id).limit(products).subquery()
    first, last, count = session.execute(select(func.min(ids.c.id), func.max(ids.c.id), func.count())).one()
    changed = 0
    if count:
        changed = _relabel_range(session, version, first, last)
        version.relabelled_up_to = last
        session.flush()
    progress = relabel_progress(session, version)
    if count < products:
        version.relabelled_up_to = None
        session.flush()
    return replace(progress, changed=changed)


def _relabel_range(session: Session, version: ModelVersion, first: int, last: int) -> int:
    if session.get_bind().dialect.name == "postgresql":
        # Neighbours lie together, mostly in memory; taken for scattered over a disk, they would be sought by reading
        # all that there is, a part at a time.
        session.execute(select(func.set_config("random_page_cost", "1.1", True)))
    changed = relabel(session, lambda ids: ids.between(first, last))
    if _was_another(session, version):
        theirs = select(ProductImage.image_id).where(ProductImage.product_id.between(first, last))
        column, number = last_seen_by(version), number_of(version)
        session.execute(
            update(Image)
            .where(Image.id.in_(theirs), is_seen(version), column.is_distinct_from(number))
            .values({column: number})
            .execution_options(synchronize_session=False)
        )
    return changed


def _was_another(session: Session, version: ModelVersion) -> bool:
    """Say whether another network saw some image last: the first that the index has, if any."""
    by_another = (
        select(Image.id).where(range_, ~is_set_aside()).order_by(last_seen_by(version), Image.id).limit(1)
        for range_ in unread_ranges(version)[1:]
    )
    return any(session.scalar(statement) is not None for statement in by_another)

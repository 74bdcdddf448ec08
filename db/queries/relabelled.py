"""How far the active version has relabelled the products that it can label without a network, and what changed."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Product
from db.queries.products import changed_labels
from db.states.version_states import RelabelProgress, active_version, relabel_progress


def unfinished_relabelling(session: Session) -> RelabelProgress | None:
    """Say how far the active version's relabelling is; None when it is finished, or there is none."""
    version = active_version(session)
    if version is None or version.relabelled_up_to is None:
        return None
    return relabel_progress(session, version)


def count_changed_labels(session: Session, version_id: int, up_to: int | None = None) -> int:
    """Count the products whose label a version has changed since it was last activated, whoever relabelled them.

    At most `up_to` are counted, where that is given.
    """
    changed = select(Product.id).where(
        Product.label_version_id == version_id, Product.id.in_(changed_labels(version_id))
    )
    some = changed.limit(up_to).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one()

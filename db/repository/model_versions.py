"""Model versions: recorded by a training run, active one at a time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import case, exists, select, update
from sqlalchemy.orm import Session

from db.database_clock import database_now, tell_time
from db.errors import UnknownModelVersionError
from db.models import ModelVersion, Prediction, Product, Split
from db.rows import in_chunks

_BEFORE: Final = timedelta(milliseconds=1)
"""How far apart activations are put whose moments were told by a wrong clock."""


def record_model_version(session: Session, training_run_id: int, values: Mapping[str, Any]) -> int:
    """Keep what a training run made, not active yet; `values` are the columns of ModelVersion.

    A version with a body has `body_id` and `head`, and the SHA-256s of its body, which keeps the artefact.
    """
    version = ModelVersion(**{"created_at": database_now()} | dict(values), training_run_id=training_run_id)
    session.add(version)
    session.flush()
    return version.id


def activate(session: Session, version_id: int) -> None:
    """Make a model version the one whose word counts; every image that its network has not seen is pending then.

    Returns at once, however many products there are: those that the version can label from what its network has
    seen before, as after a rollback, keep their labels until db/repository/relabelling.py comes to them.

    Raises:
        UnknownModelVersionError: there is no such version.
    """
    # Two who activate take turns; else the second would find another active version than it has seen.
    session.execute(select(ModelVersion.id).order_by(ModelVersion.id).with_for_update(key_share=True)).all()
    version = session.get(ModelVersion, version_id)
    if version is None:
        raise UnknownModelVersionError(f"`python -m worker models` lists the versions, got {version_id}")
    now = tell_time(session)
    _set_right(session, now)
    no_more = {"active": False, "relabelled_up_to": None}
    session.execute(update(ModelVersion).where(ModelVersion.active).values(no_more))
    version.active, version.activated_at = True, now
    version.relabelled_up_to = 0 if _can_relabel(session, version) else None
    session.flush()


def _set_right(session: Session, now: datetime) -> None:
    """Have no version be activated after this moment, as while a clock was wrong: the order is the way back."""
    session.execute(
        update(ModelVersion)
        .where(ModelVersion.activated_at >= now)
        .values(activated_at=case((ModelVersion.active, now - _BEFORE), else_=now - 2 * _BEFORE))
        .execution_options(synchronize_session="fetch")
    )


def _can_relabel(session: Session, version: ModelVersion) -> bool:
    """Say whether there may be something to label by: a new version without a body has predicted nothing yet."""
    if version.body_id is not None:
        return True
    return bool(session.scalar(select(exists().where(Prediction.model_version_id == version.id))))


def store_splits(session: Session, splits: Mapping[int, Split]) -> None:
    """Write down the splits of products that had none; a split never changes."""
    for split in Split:
        ids = [product_id for product_id, theirs in splits.items() if theirs == split]
        for chunk in in_chunks(ids):
            session.execute(
                update(Product).where(Product.id.in_(chunk), Product.split.is_(None)).values(split=split)
            )

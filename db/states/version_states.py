"""The state of a model version: active or not."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import ModelVersion


def active_version(session: Session) -> ModelVersion | None:
    """Give the one model version whose predictions count, if any, without its artefact."""
    return session.scalars(select(ModelVersion).where(ModelVersion.active)).one_or_none()

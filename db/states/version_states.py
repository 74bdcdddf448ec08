"""The states of a model version: active or not, and how far it has relabelled what its network has seen."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import ModelVersion, Product


@dataclass(frozen=True)
class RelabelProgress:
    """How far a version's relabelling is, counted by the ids of products: some may stand for none.

    Attributes:
        done: the last id that is relabelled.
        total: the last id that there is.
        changed: labels whose category or uncertainty is another since the last look.
    """

    done: int
    total: int
    changed: int = 0

    @property
    def is_finished(self) -> bool:
        """Whether every product is relabelled."""
        return self.done >= self.total


def active_version(session: Session) -> ModelVersion | None:
    """Give the one model version whose word counts, if any, without its artefact."""
    return session.scalars(select(ModelVersion).where(ModelVersion.active)).one_or_none()


def relabel_progress(session: Session, version: ModelVersion) -> RelabelProgress:
    """Say how far a version's relabelling is."""
    total = session.scalar(select(func.max(Product.id))) or 0
    return RelabelProgress(total if version.relabelled_up_to is None else version.relabelled_up_to, total)

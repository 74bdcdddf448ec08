"""How far the active version has relabelled the products that it can label from embeddings."""

from sqlalchemy.orm import Session

from db.states.version_states import RelabelProgress, active_version, relabel_progress


def unfinished_relabelling(session: Session) -> RelabelProgress | None:
    """Say how far the active version's relabelling is; None when it is finished, or there is none."""
    version = active_version(session)
    if version is None or version.relabelled_up_to is None:
        return None
    return relabel_progress(session, version)

"""A model version of the records as it is exported."""

from datetime import UTC

from sqlalchemy.orm import Session

from db.models import ModelVersion, TrainingRun
from worker.classifying.exported_model import ExportedModel, ExportedProvenance
from worker.classifying.loaded_versions import read_served


def read_version(session: Session, version: ModelVersion) -> ExportedModel:
    """Read a model version with its figures and what its run says of where it comes from.

    Raises:
        ArtefactError: the network is not the one that was recorded, or this release cannot use it.
        HeadError: the version has a body and no head that can be used.
    """
    run = session.get_one(TrainingRun, version.training_run_id)
    reviews = run.metrics.get("reviews")
    provenance = ExportedProvenance(
        version=version.id,
        kind=run.kind.value,
        created_at=version.created_at.astimezone(UTC).isoformat(),
        code_revision=run.code_revision,
        dataset_digest=run.dataset_digest,
        reviews=None if reviews is None else len(reviews),
    )
    return ExportedModel(read_served(session, version), version.metrics, provenance)

"""Model versions for people and programs: what each is and what it is worth, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import ModelVersion, RunKind, Split, TrainingRun
from db.queries.newest_first import RowsOfStretch, Stretch, read_stretch


@dataclass(frozen=True)
class VersionRow:
    """One model version; shares are 0 to 1, of the test split, and None where they were not measured.

    Attributes:
        kind: training or learning, which made it.
        categories: in the order of the network's outputs.
        body: its number; None: a version without one.
        evaluated: whether the figures are those of `python -m worker evaluate`, which have intervals.
        test_pictures: of the categories.
        accuracy: share whose likeliest category is right; its 95 % interval is accuracy_low to accuracy_high.
        claimed_accuracy: share that is right among what is claimed.
        negatives_flagged: share of other garments that is uncertain.
        relabelled_up_to: the last product that it has relabelled since it was activated; None: all, or not active.
    """

    id: int
    active: bool
    kind: str
    network: str
    training_run_id: int
    created_at: datetime
    activated_at: datetime | None
    categories: list[str]
    body: int | None
    evaluated: bool
    test_pictures: int | None
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    macro_f1: float | None
    coverage: float | None
    claimed_accuracy: float | None
    negatives_flagged: float | None
    relabelled_up_to: int | None


def list_versions(session: Session, stretch: Stretch) -> RowsOfStretch[VersionRow]:
    """List versions, newest first."""
    statement = select(ModelVersion, TrainingRun.kind).join(TrainingRun)
    return read_stretch(session, statement, ModelVersion.id, stretch, lambda row: (row[0].id, _row(*row)))


def find_version(session: Session, version_id: int) -> VersionRow | None:
    """Give one version; None where there is none of that number."""
    found = select(ModelVersion, TrainingRun.kind).join(TrainingRun).where(ModelVersion.id == version_id)
    row = session.execute(found).one_or_none()
    return None if row is None else _row(*row)


def version_before(session: Session) -> int | None:
    """Give the version to which to roll back: of those that are not active the one that was so last."""
    latest = (
        select(ModelVersion.id)
        .where(~ModelVersion.active, ModelVersion.activated_at.is_not(None))
        .order_by(ModelVersion.activated_at.desc())
        .limit(1)
    )
    return session.scalar(latest)


def measured(version: ModelVersion) -> Mapping[str, Any]:
    """Give the figures on the test split: of the latest evaluation, else of the run that made the version."""
    found: Mapping[str, Any] = version.metrics.get("evaluation") or version.metrics.get(Split.TEST) or {}
    return found


def uncalibrated(version: ModelVersion) -> str | None:
    """Say that too few pictures calibrated the version's confidences, and how many: "not calibrated: n = 16".

    None where they were enough, and of versions that were made before anybody counted.
    """
    found = version.metrics.get("calibration") or {"enough": True}
    return None if found["enough"] else f"not calibrated: n = {found['pictures']}"


def _row(version: ModelVersion, kind: RunKind) -> VersionRow:
    figures = measured(version)
    interval = figures.get("intervals", {}).get("accuracy") or {}
    return VersionRow(
        id=version.id, active=version.active, kind=str(kind), network=version.network,
        training_run_id=version.training_run_id, created_at=version.created_at, activated_at=version.activated_at,
        categories=list(version.categories), body=version.body_id, evaluated="evaluation" in version.metrics,
        test_pictures=figures.get("pictures"), accuracy=figures.get("accuracy"),
        accuracy_low=interval.get("low"), accuracy_high=interval.get("high"), macro_f1=figures.get("macro_f1"),
        coverage=figures.get("coverage"), claimed_accuracy=figures.get("claimed_accuracy"),
        negatives_flagged=figures.get("negatives_flagged"), relabelled_up_to=version.relabelled_up_to,
    )  # fmt: skip

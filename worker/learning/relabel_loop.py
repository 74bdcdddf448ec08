"""Relabel every product after an activation: part after part, until all is done or the time is up."""

import logging
import time
from typing import Final

from db.queries.relabelled import unfinished_relabelling
from db.repository.relabelling import relabel_some
from db.session import Database
from db.states.version_states import RelabelProgress
from worker.cnn.progress import Progress, Report, no_report

logger = logging.getLogger(__name__)

STAGE: Final = "relabelling"
TASK_SECONDS: Final = 20
"""How long one task relabels; far under the visibility timeout. The schedule sends the next."""

_LOOK_SECONDS: Final = 0.2


def relabel_all(database: Database, report: Report = no_report) -> None:
    """Relabel until no product is left; where others are at it, wait for their parts as well."""
    while (progress := _take_part(database)) is not None:
        report(Progress(STAGE, progress.done, progress.total))


def relabel_for(database: Database, seconds: float = TASK_SECONDS) -> bool:
    """Relabel until no product is left, somebody else is at it, or the time is up; say whether all is done."""
    deadline = time.monotonic() + seconds
    changed, done = 0, 0
    while time.monotonic() < deadline:
        progress = relabel_some(database)
        if progress is None:
            break
        changed, done = changed + progress.changed, progress.done
    if done:
        logger.info(
            "relabelled the products up to %d, of which %d have another label",
            done,
            changed,
            extra={"action": "products_relabelled"},
        )
    with database.read() as session:
        return unfinished_relabelling(session) is None


def _take_part(database: Database) -> RelabelProgress | None:
    """Relabel the next products, or wait a moment for whoever is at them; None when all is done."""
    progress = relabel_some(database)
    if progress is not None:
        return progress
    with database.read() as session:
        unfinished = unfinished_relabelling(session)
    if unfinished is not None:
        time.sleep(_LOOK_SECONDS)
    return unfinished

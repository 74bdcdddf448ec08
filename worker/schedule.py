"""What the schedule does every few seconds: see what the records lack, and send for it."""

import logging

from sqlalchemy.orm import Session

from db.categories import load_categories
from db.queries.training import has_training_run, is_crawling, products_with_pictures
from db.repository.predictions import set_aside_exhausted
from db.repository.runs import give_up_training_runs, stale_training_runs
from db.session import Database
from worker.app import TRAIN_AFTER
from worker.planning import plan_training
from worker.queue import enqueue_pending, enqueue_training

logger = logging.getLogger(__name__)


def sweep(database: Database) -> None:
    """Set poison images aside, plan the first training, and send again whatever nobody is working on.

    Raises:
        BrokerError: the broker does not answer.
    """
    with database.write() as session:
        if aside := set_aside_exhausted(session):
            logger.warning("%d images ended every attempt with a dead worker and were set aside", aside)
        for run_id in give_up_training_runs(session):
            logger.error("training run %d killed its worker every time and was given up", run_id)
        if _is_time_for_first_training(session):
            logger.info("planned training run %d, the first, by itself", plan_training(session))
    with database.read() as session:
        enqueue_training(stale_training_runs(session))
        if sent := enqueue_pending(session):
            logger.info("enqueued %d pending images", sent)


def _is_time_for_first_training(session: Session) -> bool:
    if TRAIN_AFTER == 0 or has_training_run(session) or is_crawling(session):
        return False
    counts = products_with_pictures(session, load_categories())
    return min(counts.values()) >= TRAIN_AFTER

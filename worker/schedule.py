"""What the schedule does every few seconds: see what the records lack, and send for it."""

import logging
from datetime import timedelta

from sqlalchemy.orm import Session

from db.categories import load_categories
from db.messages import CRAWL_QUEUE, RENDER_QUEUE
from db.queries.labelled_images import has_training_run, is_crawling, products_with_pictures
from db.repository.predictions import set_aside_exhausted
from db.repository.runs import give_up_training_runs, plan_alone, waiting_training_runs
from db.repository.slices import close_dead_crawl_runs, repeat_slices, waiting_slices
from db.session import Database
from worker.app import CRAWL_HOURS, TRAIN_AFTER
from worker.fleet.consumers import is_consumed
from worker.fleet.queue import enqueue_pending, enqueue_slices, enqueue_training
from worker.training.planning import plan_training

logger = logging.getLogger(__name__)


def sweep(database: Database) -> None:
    """Set poison images aside, plan what is due, and send again whatever nobody is working on.

    Of several schedules, one at a time plans: none fills a gap that another has filled.

    Raises:
        BrokerError: the broker does not answer.
    """
    with database.write() as session:
        plan_alone(session)
        _tend_crawls(session)
        if aside := set_aside_exhausted(session):
            logger.warning(
                "%d images ended every attempt with a dead worker and were set aside",
                aside,
                extra={"action": "images_set_aside"},
            )
        for run_id in give_up_training_runs(session):
            logger.error(
                "training run %d killed its worker every time and was given up",
                run_id,
                extra={"action": "training_given_up", "training_run": run_id},
            )
        if _is_time_for_first_training(database, session):
            logger.info(
                "planned the first training by itself, as runs %s",
                plan_training(session),
                extra={"action": "training_planned"},
            )
    with database.read() as session:
        enqueue_training(waiting_training_runs(session))
        for rendered in (False, True):
            enqueue_slices(waiting_slices(session, rendered=rendered), rendered=rendered)
        if sent := enqueue_pending(session):
            logger.info("enqueued %d pending images", sent, extra={"action": "images_enqueued"})


def _will_crawl(database: Database, session: Session) -> bool:
    """Say whether slices wait for crawl workers that are there; others may wait for ever."""
    return any(
        waiting_slices(session, rendered=rendered) and is_consumed(database, queue)
        for rendered, queue in ((False, CRAWL_QUEUE), (True, RENDER_QUEUE))
    )


def _tend_crawls(session: Session) -> None:
    for run_id in close_dead_crawl_runs(session):
        logger.warning(
            "crawl run %d was killed and is closed",
            run_id,
            extra={"action": "crawl_died", "crawl_run": run_id},
        )
    if CRAWL_HOURS > 0 and (planned := repeat_slices(session, timedelta(hours=CRAWL_HOURS))):
        logger.info(
            "planned the latest crawl once more, in %d slices",
            len(planned),
            extra={"action": "slices_planned"},
        )


def _is_time_for_first_training(database: Database, session: Session) -> bool:
    if TRAIN_AFTER == 0 or has_training_run(session):
        return False
    if is_crawling(session) or _will_crawl(database, session):
        return False
    counts = products_with_pictures(session, load_categories())
    return min(counts.values()) >= TRAIN_AFTER

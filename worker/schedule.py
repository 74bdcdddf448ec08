"""What the schedule does every few seconds: see what the records lack, and send for it."""

import logging
from datetime import timedelta
from functools import lru_cache

from sqlalchemy.orm import Session

from db.categories import load_categories
from db.models import RunKind
from db.queries.first_training import first_training
from db.queries.waiting_runs import is_crawling, waiting_slices, waiting_training_runs
from db.repository.predictions import set_aside_exhausted
from db.repository.runs import give_up_training_runs, plan_alone
from db.repository.slices import close_dead_crawl_runs, repeat_slices
from db.session import Database
from worker.fleet.consumers import is_consumed
from worker.fleet.queue import (
    enqueue_learning,
    enqueue_pending,
    enqueue_relabelling,
    enqueue_slices,
    enqueue_training,
)
from worker.learning.learning_plan import plan_due_learning
from worker.settings import worker_settings
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
                "planned the first training by itself, as run %d",
                plan_training(session),
                extra={"action": "training_planned"},
            )
        if learning := plan_due_learning(session, worker_settings().learn_after):
            logger.info("planned to learn, as run %d", learning, extra={"action": "learning_planned"})
    _send(database)


def _send(database: Database) -> None:
    with database.read() as session:
        enqueue_training(waiting_training_runs(session))
        enqueue_learning(waiting_training_runs(session, RunKind.LEARNING))
        enqueue_relabelling(session)
        enqueue_slices(session)
        if sent := enqueue_pending(session):
            logger.info("enqueued %d pending images", sent, extra={"action": "images_enqueued"})


def _will_crawl(database: Database, session: Session) -> bool:
    """Say whether slices wait for crawl workers that are there; others may wait for ever."""
    return any(is_consumed(database, queue) for queue in waiting_slices(session))


def _tend_crawls(session: Session) -> None:
    for run_id in close_dead_crawl_runs(session):
        logger.warning(
            "crawl run %d was killed and is closed",
            run_id,
            extra={"action": "crawl_died", "crawl_run": run_id},
        )
    hours = worker_settings().crawl_hours
    if hours > 0 and (planned := repeat_slices(session, timedelta(hours=hours))):
        logger.info(
            "planned the latest crawl once more, in %d slices",
            len(planned),
            extra={"action": "slices_planned"},
        )


def _is_time_for_first_training(database: Database, session: Session) -> bool:
    if is_crawling(session) or _will_crawl(database, session):
        return False
    awaited = first_training(session, load_categories(), worker_settings().train_after)
    if awaited is None:
        return False
    if not awaited.is_due:  # else it begins, which is told as well
        _tell_once(awaited.sentence())
    return awaited.is_due


@lru_cache(maxsize=1)  # a sentence is told again only when another one was told between
def _tell_once(sentence: str) -> None:
    logger.info("%s", sentence, extra={"action": "training_awaited"})

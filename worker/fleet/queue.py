"""Tell the workers what to do: send hints, and see how many wait."""

from typing import Any

from kombu.exceptions import OperationalError
from sqlalchemy.orm import Session

from db.broker import broker_url
from db.messages import (
    CLASSIFY_IMAGES,
    CLASSIFY_QUEUE,
    LEARN_QUEUE,
    TRAIN_QUEUE,
    sent_now,
)
from db.queries.pending import pending_batches
from db.queries.relabelled import unfinished_relabelling
from db.queries.waiting_runs import waiting_slices
from worker.app import CRAWL_SLICE, LEARN_HEAD, RELABEL, TRAIN_MODEL, app
from worker.errors import BrokerError


def require_broker() -> None:
    """Raise BrokerError unless a broker answers: whoever plans a run for a worker asks before."""
    if broker_url() is None:
        raise BrokerError("no broker is known: start `python -m worker run`, or set CELERY_BROKER_URL")
    try:
        with app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0)
    except OperationalError as error:
        raise BrokerError(
            f"the broker does not answer; is it up, and CELERY_BROKER_URL right? {error}"
        ) from error


def waiting(queue: str) -> int:
    """Count the messages that wait in a queue; 0 where it was never used."""
    with app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)
        channel: Any = connection.default_channel  # kombu's types do not know the transport's methods
        try:
            return int(channel.queue_declare(queue, passive=True).message_count)
        except connection.channel_errors:
            return 0


def enqueue_pending(session: Session) -> int:
    """Send the ids of pending images in batches, unless messages wait already; give how many ids were sent.

    Raises:
        BrokerError: the broker does not answer.
    """
    try:
        if waiting(CLASSIFY_QUEUE):
            return 0
        sent = 0
        for batch in pending_batches(session):
            app.send_task(CLASSIFY_IMAGES, args=[batch], headers=sent_now(), retry=False)
            sent += len(batch)
    except OperationalError as error:
        raise BrokerError(f"the broker does not answer: {error}") from error
    return sent


def enqueue_training(run_ids: list[int]) -> None:
    """Send training runs to the trainer, unless it has messages waiting already.

    Raises:
        BrokerError: the broker does not answer.
    """
    _enqueue_runs(TRAIN_MODEL, TRAIN_QUEUE, run_ids)


def enqueue_learning(run_ids: list[int]) -> None:
    """Send learning runs to whoever learns, unless messages wait there already.

    Raises:
        BrokerError: the broker does not answer.
    """
    _enqueue_runs(LEARN_HEAD, LEARN_QUEUE, run_ids)


def enqueue_relabelling(session: Session) -> None:
    """Send for whoever goes on with an unfinished relabelling, unless messages wait there already.

    Raises:
        BrokerError: the broker does not answer.
    """
    if unfinished_relabelling(session) is not None:
        _enqueue(RELABEL, LEARN_QUEUE, [[]])


def enqueue_slices(session: Session) -> None:
    """Send slices that nobody is at to the workers that can crawl them, unless messages wait for those already.

    Raises:
        BrokerError: the broker does not answer.
    """
    for queue, run_ids in waiting_slices(session).items():
        _enqueue_runs(CRAWL_SLICE, queue, run_ids)


def _enqueue_runs(task: str, queue: str, run_ids: list[int]) -> None:
    _enqueue(task, queue, [[run_id] for run_id in run_ids])


def _enqueue(task: str, queue: str, arguments: list[list[int]]) -> None:
    try:
        if not waiting(queue):
            for args in arguments:
                app.send_task(task, args=args, queue=queue, headers=sent_now(), retry=False)
    except OperationalError as error:
        raise BrokerError(f"the broker does not answer: {error}") from error

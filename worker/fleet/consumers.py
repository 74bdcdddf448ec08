"""Tell whoever waits for a run whether a worker is there to take it up."""

from typing import Final

from sqlalchemy import func, select

from db.broker import address_of, broker_url, embedded_socket
from db.messages import CRAWL_QUEUE, LEARN_QUEUE, RENDER_QUEUE, TRAIN_QUEUE
from db.models import CrawlRun, TrainingRun
from db.session import Database
from db.settings import settings
from db.states.run_states import Run, is_alive
from worker.app import CRAWL_SLICE, LEARN_HEAD, TRAIN_MODEL
from worker.errors import BrokerError
from worker.fleet.status import judge_worker, read_broker

_RUNS: Final[dict[str, tuple[Run, str]]] = {
    CRAWL_QUEUE: (CrawlRun, CRAWL_SLICE),
    RENDER_QUEUE: (CrawlRun, CRAWL_SLICE),
    TRAIN_QUEUE: (TrainingRun, TRAIN_MODEL),
    LEARN_QUEUE: (TrainingRun, LEARN_HEAD),
}


def is_consumed(database: Database, queue: str) -> bool:
    """Say whether some worker consumes a queue of runs; true also where nobody can tell.

    A broker that is no Redis knows of no workers.
    """
    try:
        return _is_consumed(database, queue)
    except BrokerError:
        return True


def is_nobody_there(database: Database, queue: str) -> bool:
    """Say whether it is certain that no worker consumes a queue of runs; also where no broker was ever started.

    The embedded broker lives and dies with its worker; another that does not answer may have workers.
    """
    address = broker_url()
    if address is None:
        return True
    try:
        return not _is_consumed(database, queue)
    except BrokerError:
        return address == address_of(embedded_socket(settings().folder))


def _is_consumed(database: Database, queue: str) -> bool:
    run, task = _RUNS[queue]
    workers = read_broker().workers
    with database.read() as session:
        alive = frozenset({task} if session.scalar(select(func.count(run.id)).where(is_alive(run))) else ())
    return any(judge_worker(worker, alive).consuming for worker in workers if queue in worker.queues)

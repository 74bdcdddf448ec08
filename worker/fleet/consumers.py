"""Tell whoever waits for a run whether a worker is there to take it up."""

from db.broker import address_of, broker_url, embedded_socket
from db.session import Database
from db.settings import settings
from worker.errors import BrokerError
from worker.fleet.judged_workers import judge_workers, runs_alive
from worker.fleet.status import read_broker


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
    workers = read_broker().workers
    with database.read() as session:
        judged = judge_workers(workers, runs_alive(session))
    consuming = {worker.name for worker in judged if worker.consuming}
    return any(worker.name in consuming for worker in workers if queue in worker.queues)

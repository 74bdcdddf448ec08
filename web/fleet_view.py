"""Queues and workers as the page shows them; a broker that is not there is an answer, too."""

from dataclasses import dataclass

from db.session import Database
from worker.errors import BrokerError
from worker.fleet.broker_contents import Queue
from worker.fleet.judged_workers import judge_workers, runs_alive
from worker.fleet.presence import Presence
from worker.fleet.status import read_broker


@dataclass(frozen=True)
class FleetView:
    """What the broker knows.

    Attributes:
        workers: those that consume.
        queues: with what waits in them.
        problem: why nothing is known; None where something is.
    """

    workers: tuple[Presence, ...] = ()
    queues: tuple[Queue, ...] = ()
    problem: str | None = None

    @property
    def fingerprint(self) -> str:
        """Another word as soon as a worker comes, goes or does something else, or a queue grows or shrinks."""
        workers = [(worker.name, worker.task) for worker in self.workers]
        return repr((workers, [(queue.name, queue.waiting) for queue in self.queues], self.problem))


def see_fleet(database: Database) -> FleetView:
    """Ask the broker, and the records whose run beats; give what they say, or why the broker says nothing."""
    try:
        found = read_broker()
    except BrokerError as error:
        return FleetView(problem=str(error))
    with database.read() as session:
        judged = judge_workers(found.workers, runs_alive(session))
    consuming = {worker.name for worker in judged if worker.consuming}
    return FleetView(
        tuple(worker for worker in found.workers if worker.name in consuming), tuple(found.queues)
    )

"""Queues and workers as the page shows them; a broker that is not there is an answer, too."""

from dataclasses import dataclass

from worker.errors import BrokerError
from worker.fleet.broker_contents import Queue
from worker.fleet.presence import Presence
from worker.fleet.status import read_broker


@dataclass(frozen=True)
class FleetView:
    """What the broker knows.

    Attributes:
        workers: those that were heard of within the hour.
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


def see_fleet() -> FleetView:
    """Ask the broker; give what it says, or why it says nothing."""
    try:
        found = read_broker()
    except BrokerError as error:
        return FleetView(problem=str(error))
    return FleetView(tuple(found.workers), tuple(found.queues))

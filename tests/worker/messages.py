"""What was sent to the workers: the messages of a queue, taken from the broker."""

from collections.abc import Iterator
from typing import Any

from worker.app import app


def sent_batches(queue: str) -> list[list[int]]:
    """Take every message; the image ids that each carries."""
    return list(_arguments(queue))


def sent_runs(queue: str) -> list[int]:
    """Take every message; the id of the run that each carries."""
    return list(_arguments(queue))


def _arguments(queue: str) -> Iterator[Any]:
    """The first argument of each message's task, whatever JSON it is."""
    with app.connection_for_read() as connection:
        messages = app.amqp.queues[queue](connection.default_channel)
        while (message := messages.get()) is not None:
            message.ack()
            yield message.payload[0][0]

"""What a worker makes of a message, before it becomes a task."""

from typing import Any

from celery.exceptions import InvalidTaskError
from celery.worker.request import Request
from kombu.message import Message


class CheckedRequest(Request):
    """A request for a task, of a message that is one.

    Celery's own raises whatever comes of a body such as `[]`. That ends the worker before the message is
    acknowledged, so that it comes again, and ends the next one.
    """

    def __init__(self, message: Message, **options: Any) -> None:
        """Read the message.

        Raises:
            InvalidTaskError: it is no task's; the consumer logs it, takes it out of the queue and goes on.
        """
        try:
            super().__init__(message, **options)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidTaskError(f"a message that is no task's: {error!r}") from error

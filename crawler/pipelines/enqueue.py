"""The crawler's only producer: ids of new images to the queue, for the worker's task named by a string."""

from collections.abc import Sequence
from functools import cache

from celery import Celery
from kombu.exceptions import KombuError

from crawler.errors import BrokerUnavailableError
from db.broker import broker_url
from db.messages import (
    BATCH_SIZE,
    CLASSIFY_IMAGES,
    CLASSIFY_QUEUE,
    TRANSPORT_OPTIONS,
    sent_now,
)

_CONNECT_SECONDS = 5


def enqueue_images(image_ids: Sequence[int]) -> None:
    """Send the ids of committed images, at most BATCH_SIZE in a message. It blocks: not for the event loop.

    Raises:
        BrokerUnavailableError: there is no broker, or it did not take the message.
    """
    address = broker_url()
    if address is None:
        raise BrokerUnavailableError("no broker is running")
    application = _application(address)
    try:
        connection = application.connection_for_write()
    except (KeyError, ValueError) as error:
        raise BrokerUnavailableError(f"the broker's address is wrong ({error})") from error
    lost: tuple[type[BaseException], ...] = (
        *connection.connection_errors, *connection.channel_errors, KombuError, OSError,
    )  # fmt: skip
    try:
        with connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=_CONNECT_SECONDS)
            for start in range(0, len(image_ids), BATCH_SIZE):
                application.send_task(
                    CLASSIFY_IMAGES,
                    args=[list(image_ids[start : start + BATCH_SIZE])],
                    queue=CLASSIFY_QUEUE,
                    headers=sent_now(),
                    connection=connection,
                    retry=False,
                    ignore_result=True,
                )
    except lost as error:
        raise BrokerUnavailableError(f"the broker does not answer ({error})") from error


@cache
def _application(address: str) -> Celery:
    application = Celery("crawler", broker=address, set_as_current=False)
    application.conf.update(
        task_serializer="json",
        accept_content=["json"],
        broker_transport_options=TRANSPORT_OPTIONS,
    )
    return application

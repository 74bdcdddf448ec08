"""Signs of life: a file whose age says when a worker last consumed, or the schedule last sent, a task.

A process can be there and do nothing: it hangs, or has lost its subscription when the broker restarted. So each
worker sends itself a task through the broker, and shows a sign of life around every task that it consumes.
`inspect ping` would not do: a busy solo worker does not answer it, and one without a subscription does.

A container's health check looks for a file in `alive/`, in the settings' folder, that is younger than 90 s.
"""

import logging
import threading
from typing import Any, Final

from celery import Task
from celery.signals import after_task_publish, beat_init, task_postrun, task_prerun, worker_ready
from celery.utils.nodenames import worker_direct
from kombu.exceptions import OperationalError

from db.settings import settings
from worker.app import PROBE, app

logger = logging.getLogger(__name__)

_PROBE_SECONDS: Final = 30


def show_life(name: str) -> None:
    """Leave a sign of life of a process; a trainer's heartbeat does so, too, since its tasks take minutes."""
    folder = settings().folder / "alive"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()


@task_prerun.connect
@task_postrun.connect
def show_consuming(task: Task[Any, Any], **_: Any) -> None:
    """Show that a task was consumed; one that is called without a worker has no host."""
    if task.request.hostname is not None:
        show_life(task.request.hostname)


@beat_init.connect
def show_sending(**_: Any) -> None:
    """Show whenever the schedule, and not some other program, has sent a task."""
    after_task_publish.connect(lambda **_: show_life("schedule"), weak=False)


@worker_ready.connect
def probe_for_ever(sender: Any, **_: Any) -> None:
    """Send the worker a task of its own every now and then, for as long as it lives."""
    threading.Thread(target=_probe, args=(sender.hostname,), daemon=True).start()


def _probe(hostname: str) -> None:
    own_queue: Any = worker_direct(hostname)  # the types know queues by name only
    pause = threading.Event()
    while True:
        try:
            app.send_task(PROBE, queue=own_queue, expires=_PROBE_SECONDS, retry=False)
        except OperationalError as error:
            logger.debug("could not probe the queue: %s", error)  # the worker itself says it louder
        pause.wait(_PROBE_SECONDS)

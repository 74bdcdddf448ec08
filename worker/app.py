"""The Celery app: queues crawl, render, classify, learn and train; importing it loads no TensorFlow.

celery -A worker.app worker -Q classify
celery -A worker.app beat
"""

import os
import signal
import threading
import time
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

from db.broker import address_of, broker_url, embedded_socket
from db.messages import (
    CLASSIFY_IMAGES,
    CLASSIFY_QUEUE,
    CRAWL_QUEUE,
    LEARN_QUEUE,
    TRAIN_QUEUE,
    TRANSPORT_OPTIONS,
)
from db.settings import settings
from worker.settings import worker_settings
from worker.task_logs import set_up_worker_logs

SWEEP = "worker.tasks.sweep"
TRAIN_MODEL = "worker.tasks.train_model"
LEARN_HEAD = "worker.tasks.learn_head"
RELABEL = "worker.tasks.relabel"
CRAWL_SLICE = "worker.tasks.crawl_slice"
PROBE = "worker.tasks.probe"
SWEEP_SECONDS = 10

app = Celery(
    "vastra",
    broker=broker_url() or address_of(embedded_socket(settings().folder)),
    include=["worker.tasks", "worker.fleet.health", "worker.fleet.presence"],
)
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    # At least once: a message is acknowledged when its work is in the database.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_direct=True,  # each worker has a queue of its own too, for the probes of worker.fleet.health
    worker_pool="solo",  # TensorFlow and fork do not mix; holds where the command line names no pool
    broker_transport_options=dict(TRANSPORT_OPTIONS),
    broker_connection_retry_on_startup=True,
    task_default_queue=CLASSIFY_QUEUE,
    task_routes={
        CLASSIFY_IMAGES: {"queue": CLASSIFY_QUEUE},
        SWEEP: {"queue": CLASSIFY_QUEUE},
        TRAIN_MODEL: {"queue": TRAIN_QUEUE},
        LEARN_HEAD: {"queue": LEARN_QUEUE},
        RELABEL: {"queue": LEARN_QUEUE},
        CRAWL_SLICE: {"queue": CRAWL_QUEUE},
    },
    beat_scheduler="worker.monotonic_scheduler:MonotonicScheduler",
    beat_schedule={"sweep": {"task": SWEEP, "schedule": SWEEP_SECONDS}},
    timezone="UTC",
)
set_up_worker_logs()


@beat_init.connect
@worker_init.connect
def follow_supervisor(**_: Any) -> None:
    """End a supervised process whose supervisor was killed, so that it does not linger unseen."""
    supervisor = worker_settings().supervisor
    if supervisor is not None:
        threading.Thread(target=_stop_when_orphaned, args=(supervisor,), daemon=True).start()


def _stop_when_orphaned(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)

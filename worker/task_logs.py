"""The workers' logs: as Celery writes them, briefly, or as JSON with the ids of the task at hand."""

from collections.abc import Sequence
from typing import Any, Final

from celery import Task
from celery.signals import setup_logging, task_postrun, task_prerun

from db.logs import identify_task, set_up_logs
from db.settings import settings

_FIRST_ARGUMENT: Final = {
    "crawl_slice": "crawl_run",
    "train_model": "training_run",
    "learn_head": "training_run",
}
"""What the ids are that some tasks are given."""


def set_up_worker_logs() -> None:
    """Take the logs over from Celery if they are to be JSON or brief; else leave them to it."""
    if settings().json_logs or settings().brief_logs:
        setup_logging.connect(_set_up, weak=False)
    if settings().json_logs:
        task_prerun.connect(_begin, weak=False)
        task_postrun.connect(_end, weak=False)


def _set_up(loglevel: int | str, **_: Any) -> None:
    set_up_logs(loglevel)


def _begin(task_id: str, task: Task[Any, Any], args: Sequence[Any], **_: Any) -> None:
    name = task.name.rpartition(".")[2]
    given = {_FIRST_ARGUMENT[name]: args[0]} if name in _FIRST_ARGUMENT and args else {}
    identify_task(task=name, task_id=task_id, **given)


def _end(**_: Any) -> None:
    identify_task()

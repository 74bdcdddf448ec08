"""Logs: lines for people, or one JSON object a line where VASTRA_LOG=json, as in containers.

Where VASTRA_LOG=brief, as `python -m worker run` has it for its processes, people read only what happened and what
is wrong.

All code logs through the standard library, also Scrapy's and Celery's; structlog's formatter only writes the
lines (https://www.structlog.org/en/stable/standard-library.html). So every record of a process comes out alike:
`event`, `level`, `logger`, `time` in UTC, `exception`, `action`, and the ids of what the process is at.
"""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from db.settings import settings

FOR_PEOPLE: Final = "%(asctime)s %(levelname)s %(message)s"
EXTRA: Final = ("action", "product", "image", "crawl_run", "training_run")
"""What a log call may name by `extra=`, beside its message: what happened, for machines, and to what.

docs/operations.md lists the actions.
"""

_PARTS_OF_OTHERS: Final = frozenset(
    {
        "broker_started",
        "crawl_began",
        "crawl_ended",
        "images_enqueued",
        "images_classified",
        "version_activated",
    }
)
"""Actions that make up others, which are told briefly as well."""

_of_process: dict[str, Any] = {}
_of_task: ContextVar[dict[str, Any] | None] = ContextVar("ids of the task at hand", default=None)


def set_up_logs(level: int | str = logging.INFO) -> None:
    """Send the process's logs to standard error, unless somebody has set them up already."""
    logging.basicConfig(level=level, stream=sys.stderr, format=FOR_PEOPLE)
    format_logs()


def format_logs() -> None:
    """Let the root logger's handlers write JSON, or briefly, if that is asked for; whoever has set them up."""
    if settings().brief_logs:
        write_briefly()
    if settings().json_logs:
        formatter = json_formatter()
        for handler in logging.getLogger().handlers:
            handler.setFormatter(formatter)


def write_briefly() -> None:
    """Let the root logger's handlers write only what happened, one line each, and every warning and error."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_BriefFormatter("%(asctime)s %(message)s", "%H:%M:%S"))
        handler.addFilter(_is_told_briefly)


class _BriefFormatter(logging.Formatter):
    """Names the level where something is wrong."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        word = f"{record.levelname} " if record.levelno >= logging.WARNING else ""
        return f"{record.asctime} {word}{record.message}"


def _is_told_briefly(record: logging.LogRecord) -> bool:
    action = getattr(record, "action", None)
    return record.levelno >= logging.WARNING or (action is not None and action not in _PARTS_OF_OTHERS)


def identify_process(**ids: Any) -> None:
    """Name what this process is at until its end, such as its crawl run, in each of its JSON lines."""
    _of_process.update(ids)


def identify_task(**ids: Any) -> None:
    """Name what the current thread is at from now on, in place of what was named before."""
    _of_task.set(ids)


@contextmanager
def identified(**ids: Any) -> Iterator[None]:
    """Name what the block is at, such as a product, and with it every asyncio task that the block starts."""
    before = _of_task.get() or {}
    token = _of_task.set(before | ids)
    try:
        yield
    finally:
        _of_task.reset(token)


def json_formatter() -> logging.Formatter:
    """Make a formatter that writes a record of any library as one JSON object."""
    import structlog  # noqa: PLC0415 - most commands write for people

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            _add_ids,
            structlog.stdlib.ExtraAdder(allow=EXTRA),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", key="time"),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


def _add_ids(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    entry.update(_of_process | (_of_task.get() or {}))
    return entry

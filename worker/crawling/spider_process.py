"""Crawl a slice: the spider runs in a child process, and its crawl run tells what came of it."""

import logging
import os
import subprocess
from typing import Final

from celery.worker import state

from db.crawls import (
    COMPLETE,
    CRAWL_RUN,
    CRAWL_WORKER,
    CrawlArguments,
    ExitCode,
    FinishReason,
    spider_command,
)
from db.models import CrawlRun, RunStatus
from db.queries.slice_progress import products_of
from db.repository.runs import begin_run, finish_crawl_run
from db.repository.slices import give_back_slice
from db.session import Database
from db.settings import ROOT
from worker.fleet.health import show_life

logger = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1
_GRACE_SECONDS: Final = 15
"""What a stopping crawler gets to commit its batch; a supervisor waits a little longer."""


def crawl_slice(database: Database, run_id: int) -> None:
    """Crawl a slice to its end, unless it is finished or somebody is at it.

    The spider shows that it is alive and writes its finish reason itself. One that dies without leaves the
    slice to the next attempt; one that ends because the worker is told to stop gives it back untried.
    """
    with database.write() as session:
        if not begin_run(session, CrawlRun, run_id):
            logger.info("crawl run %d is finished or somebody is at it", run_id)
            return
        arguments = CrawlArguments.read(session.get_one(CrawlRun, run_id).arguments)
    logger.info("crawl run %d begins: %s", run_id, _asked(arguments), extra={"action": "slice_taken_up"})
    code = _run_spider(spider_command(arguments, **{CRAWL_RUN: run_id, CRAWL_WORKER: os.getpid()}))
    with database.write() as session:
        if code == ExitCode.WRONG_ARGUMENTS:  # which no other attempt would make right
            finish_crawl_run(session, run_id, FinishReason.WRONG_ARGUMENTS, {})
        elif give_back_slice(session, run_id, untried=_is_told_to_stop()):
            logger.warning(
                "the crawler of crawl run %d ended with %d before its time",
                run_id,
                code,
                extra={"action": "slice_given_back"},
            )
    _tell_end(database, run_id)


def _tell_end(database: Database, run_id: int) -> None:
    """Say what came of a slice; one that is given back is told of already."""
    with database.read() as session:
        run = session.get_one(CrawlRun, run_id)
    if run.status is not RunStatus.FINISHED:
        return
    level = logging.INFO if run.finish_reason in COMPLETE else logging.WARNING
    asked = _asked(CrawlArguments.read(run.arguments))
    words = ("crawled %d products of %s: %s", products_of(run), asked, run.finish_reason)
    logger.log(level, *words, extra={"action": "slice_crawled", "crawl_run": run_id})


def _asked(arguments: CrawlArguments) -> str:
    """Name what is crawled, such as `amazon.in, silk saree`."""
    return ", ".join(filter(None, (arguments.marketplace, arguments.search)))


def _run_spider(command: list[str]) -> int:
    """Run the spider to its end, or until the worker is told to stop; give its exit code."""
    # In a session of its own, so that Ctrl-C reaches the worker alone, which then ends the crawl once.
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)  # noqa: S603 - our own words
    try:
        while not _is_told_to_stop():
            show_life("crawling")
            try:
                return process.wait(timeout=_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    finally:
        _stop(process)
    return process.returncode


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _is_told_to_stop() -> bool:
    """Say whether this worker was asked to end; a solo worker's signals leave no other trace during a task."""
    return any(told is not None and told is not False for told in (state.should_stop, state.should_terminate))

"""Show the progress of a training run or a crawl that workers execute."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from db.commands.command_line import terminal
from db.crawls import COMPLETE, CrawlArguments
from db.messages import CRAWL_QUEUE, LEARN_QUEUE, RENDER_QUEUE, TRAIN_QUEUE
from db.models import CrawlRun, RunStatus, TrainingRun
from db.queries.relabelled import unfinished_relabelling
from db.queries.slice_progress import crawl_runs, products_of
from db.session import Database
from db.states.version_states import RelabelProgress
from worker.cnn.progress import Progress
from worker.commands.progress_bars import crawl_bar, training_bar
from worker.errors import SlicesFailedError, TrainingFailedError
from worker.fleet.consumers import is_consumed

_LOOK_SECONDS = 1
_START: Final = {
    CRAWL_QUEUE: "`python -m worker run`, or the stack's `crawl-worker`",
    RENDER_QUEUE: "`python -m worker run` where Chromium is, or the stack's `browser`",
    TRAIN_QUEUE: "`python -m worker run`, or the stack's `trainer`",
    LEARN_QUEUE: "`python -m worker run`, or the stack's `classifier`",
}
_IDLE_LOOKS: Final = 5
"""After so many looks in a row at what nobody is at, the user is told if no worker is there to take it up."""


def follow_training(database: Database, run_id: int) -> None:
    """Show a training run's progress until it is finished; Ctrl-C stops the watching, not the training.

    Raises:
        TrainingFailedError: the run made no model version.
    """
    _follow(database, run_id, TRAIN_QUEUE)


def follow_learning(database: Database, run_id: int) -> None:
    """Show a learning run's progress until it is finished; Ctrl-C stops the watching, not the learning.

    Raises:
        TrainingFailedError: the run made no model version.
    """
    _follow(database, run_id, LEARN_QUEUE)


def follow_relabelling(database: Database) -> None:
    """Show how far the relabelling is that workers do, until all is done; Ctrl-C stops the watching alone."""
    looks = 0
    with training_bar() as report:
        while (progress := _look_at_relabelling(database)) is not None:
            report(Progress("relabelling", progress.done, progress.total))
            looks += 1
            if looks == _IDLE_LOOKS:
                _say_if_nobody_is_there(database, LEARN_QUEUE)
            time.sleep(_LOOK_SECONDS)


def _follow(database: Database, run_id: int, queue: str) -> None:
    looks = 0
    with training_bar() as report:
        while (run := _look(database, run_id)).status is not RunStatus.FINISHED:
            if run.progress:
                report(Progress(**run.progress))
            looks += 1
            if looks == _IDLE_LOOKS and run.status is RunStatus.PLANNED:
                _say_if_nobody_is_there(database, queue)
            time.sleep(_LOOK_SECONDS)
    if run.error is not None:
        raise TrainingFailedError(f"training run {run_id} made no model version: {run.error}")


def _say_if_nobody_is_there(database: Database, queue: str) -> None:
    if not is_consumed(database, queue):
        terminal.print(f"No {queue} worker is running, so it waits: start {_START[queue]}.")


def _look_at_relabelling(database: Database) -> RelabelProgress | None:
    with database.read() as session:
        return unfinished_relabelling(session)


def _look(database: Database, run_id: int) -> TrainingRun:
    with database.read() as session:
        return session.get_one(TrainingRun, run_id)


def follow_crawl(database: Database, run_ids: Sequence[int]) -> list[CrawlRun]:
    """Show a crawl's progress until all its slices are finished, and give them.

    Ctrl-C stops the watching, not the crawl.
    """
    idle = 0
    with crawl_bar(len(run_ids)) as report:
        while (runs := _look_at_crawl(database, run_ids)) and not all(map(_is_finished, runs)):
            report(sum(map(_is_finished, runs)), sum(map(products_of, runs)))
            idle = 0 if any(run.status is RunStatus.RUNNING for run in runs) else idle + 1
            if idle == _IDLE_LOOKS:
                for queue in {CrawlArguments.read(run.arguments).queue for run in runs}:
                    _say_if_nobody_is_there(database, queue)
            time.sleep(_LOOK_SECONDS)
        report(len(runs), sum(map(products_of, runs)))
    return runs


def judge_crawl(runs: Sequence[CrawlRun]) -> None:
    """Accept a crawl that saved products and whose slices came to their end.

    Raises:
        SlicesFailedError: it was blocked, killed, forbidden ..., or found nothing at all.
    """
    early = Counter(str(run.finish_reason) for run in runs if run.finish_reason not in COMPLETE)
    if early:
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(early.items()))
        raise SlicesFailedError(
            f"{early.total()} of {len(runs)} slices ended early; what they saved is kept, the workers' log says "
            f"what to do, and the same command crawls again; got {reasons}"
        )
    if not any(map(products_of, runs)):
        raise SlicesFailedError(
            f"no slice found a product; check the search terms and the bands, got {len(runs)} slices"
        )


def _look_at_crawl(database: Database, run_ids: Sequence[int]) -> list[CrawlRun]:
    with database.read() as session:
        return crawl_runs(session, run_ids)


def _is_finished(run: CrawlRun) -> bool:
    return run.status is RunStatus.FINISHED

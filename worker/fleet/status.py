"""How the whole is doing: queues, workers, runs, what is pending or set aside; from the broker and the records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from redis import RedisError
from rich.console import Group
from rich.table import Table
from rich.text import Text
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.categories import load_categories
from db.commands.command_line import printable
from db.models import CrawlRun, RunStatus, TrainingRun, utc_now
from db.queries.first_training import first_training
from db.queries.running_trainings import RunningTraining, running_trainings
from db.queries.statistics import LastRun, Statistics, gather_statistics
from db.session import Database
from worker.errors import BrokerError
from worker.fleet.broker_contents import Queue, Taken, count_messages, count_taken, open_broker
from worker.fleet.judged_workers import SILENT_AFTER_SECONDS, Work, WorkerStatus, judge_workers, runs_alive
from worker.fleet.presence import Presence, read_entries
from worker.fleet.queue import require_broker
from worker.fleet.sweeps import seconds_since_sweep
from worker.settings import worker_settings

_COUNTED: Final = {"embedding": "pictures", "features": "pictures", "evaluate": "pictures"}
"""What the stages of a training run count, that count no steps."""


@dataclass(frozen=True)
class BrokerStatus:
    """What the broker knows; `foreign`: entries among the workers' that tell of no worker."""

    queues: list[Queue]
    taken: Taken
    workers: list[Presence]
    foreign: int
    swept_seconds: float | None


@dataclass(frozen=True)
class RecordsStatus:
    """What the records know.

    Attributes:
        statistics: the figures of `python -m db stats`.
        crawl_runs: their number by status; likewise training_runs.
        alive: the runs whose heart beats, each with its task.
        first_training: what it waits for; None where there was one.
        running_trainings: those that a worker is at, and how far.
    """

    statistics: Statistics
    crawl_runs: dict[str, int]
    training_runs: dict[str, int]
    alive: frozenset[Work]
    first_training: str | None
    running_trainings: list[RunningTraining]


@dataclass(frozen=True)
class Status:
    """One screen of both, for people and for programs.

    Attributes:
        problem: why the broker does not answer; None while it does, and else nothing is known of queues and workers.
        swept_seconds: since the schedule last had the records looked after; None where it never did.
        foreign: entries among the workers' that tell of no worker, and are left out.
        unconsumed: queues in which messages wait, and that no worker consumes.
        first_training: what it waits for; None where there was one.
        pending: images that the active version has still to predict.
        to_relabel: products that it has still to relabel.
        set_aside: images that are not to be classified, by reason.
        estimated: whether `pending` is an estimate, as it is where very many are.
        running_trainings: training and learning runs that a worker is at, and how far.
    """

    problem: str | None
    swept_seconds: float | None
    unconsumed: list[str]
    queues: list[Queue]
    taken: Taken
    workers: list[WorkerStatus]
    foreign: int
    first_training: str | None
    pending: int
    estimated: bool
    to_relabel: int
    set_aside: dict[str, int]
    active_model_version: int | None
    crawl_runs: dict[str, int]
    last_crawl_run: LastRun | None
    training_runs: dict[str, int]
    running_trainings: list[RunningTraining]
    last_training_run: LastRun | None


def read_status(database: Database) -> Status:
    """Ask the broker and the records; a broker that does not answer keeps nobody from the records."""
    records, problem = read_records(database), None
    try:
        broker = read_broker()
    except BrokerError as error:
        broker, problem = BrokerStatus([], Taken(0, None), [], 0, None), str(error)
    figures = records.statistics
    workers = judge_workers(broker.workers, records.alive)
    return Status(
        problem=problem,
        swept_seconds=broker.swept_seconds,
        unconsumed=[] if problem else _unconsumed(broker, workers),
        queues=broker.queues,
        taken=broker.taken,
        workers=workers,
        foreign=broker.foreign,
        first_training=records.first_training,
        pending=figures.pending,
        estimated="pending" in figures.estimated,
        to_relabel=figures.to_relabel,
        set_aside=figures.set_aside,
        active_model_version=figures.active_model_version,
        crawl_runs=records.crawl_runs,
        last_crawl_run=figures.last_crawl_run,
        training_runs=records.training_runs,
        running_trainings=records.running_trainings,
        last_training_run=figures.last_training_run,
    )


def read_broker() -> BrokerStatus:
    """Ask the broker for its queues and for the workers that it has heard of.

    Raises:
        BrokerError: no broker is known, or it does not answer.
    """
    require_broker()
    try:
        with open_broker() as broker:
            entries = read_entries(broker)
            return BrokerStatus(
                queues=count_messages(broker),
                taken=count_taken(broker),
                workers=entries.workers,
                foreign=entries.foreign,
                swept_seconds=seconds_since_sweep(broker),
            )
    except RedisError as error:
        raise BrokerError(
            f"the broker does not answer; is it up, and CELERY_BROKER_URL right? {error}"
        ) from error


def read_records(database: Database) -> RecordsStatus:
    """Ask the records, in one snapshot."""
    with database.read() as session:
        awaited = first_training(session, load_categories(), worker_settings().train_after)
        return RecordsStatus(
            statistics=gather_statistics(session, load_categories()),
            first_training=None if awaited is None else awaited.sentence(),
            crawl_runs=_by_status(session, CrawlRun),
            training_runs=_by_status(session, TrainingRun),
            alive=runs_alive(session),
            running_trainings=running_trainings(session),
        )


def status_screen(status: Status) -> Group:
    """Show the status to people."""
    if status.problem is not None:
        silent = (
            "broker: does not answer; `python -m db stats` asks the records alone, and tells more of them"
        )
        return Group(Text(silent, style="red"), _records_table(status))
    return Group(_queues_table(status), _workers_table(status), _records_table(status))


def _unconsumed(broker: BrokerStatus, workers: list[WorkerStatus]) -> list[str]:
    consuming = {worker.name for worker in workers if worker.consuming}
    consumed = {queue for each in broker.workers if each.name in consuming for queue in each.queues}
    return [queue.name for queue in broker.queues if queue.waiting and queue.name not in consumed]


def _by_status(session: Session, run: type[CrawlRun] | type[TrainingRun]) -> dict[str, int]:
    rows = session.execute(select(run.status, func.count()).group_by(run.status))
    return dict.fromkeys(map(str, RunStatus), 0) | {str(status): number for status, number in rows}


def _queues_table(status: Status) -> Table:
    table = Table("queue", "messages waiting", "oldest")
    for queue in status.queues:
        table.add_row(queue.name, str(queue.waiting), _age(queue.oldest_seconds))
    table.add_row("taken by workers", str(status.taken.messages), _age(status.taken.oldest_seconds))
    return table


def _workers_table(status: Status) -> Table:
    table = Table("worker", "at", "last heard of", "consuming")
    for worker in status.workers:
        name, task = (
            Text(printable(text)) for text in (worker.name, (worker.task or "waiting").rpartition(".")[2])
        )
        table.add_row(name, task, f"{_age(worker.seconds)} ago", "yes" if worker.consuming else "NO")
    if not status.workers:
        table.add_row("none", "", "", "start `python -m worker run`")
    for queue in status.unconsumed:
        table.add_row(f"none for queue {queue}", "", "", f"NO: celery -A worker.app worker -Q {queue}")
    if status.swept_seconds is None or status.swept_seconds > SILENT_AFTER_SECONDS:
        heard = "never" if status.swept_seconds is None else f"{_age(status.swept_seconds)} ago"
        table.add_row("schedule", "", heard, "NO: celery -A worker.app beat")
    else:
        table.add_row("schedule", "waiting", f"{_age(status.swept_seconds)} ago", "yes")
    if status.foreign:
        table.add_row(f"{status.foreign} in the broker that no worker wrote", "", "", "left out")
    return table


def _records_table(status: Status) -> Table:
    table = Table("records", "", show_header=False)
    about = "about " if status.estimated else ""
    table.add_row("active model version", str(status.active_model_version or "none yet"))
    if status.first_training is not None:
        table.add_row("first training", status.first_training)
    table.add_row("pending images", f"{about}{status.pending}")
    if status.to_relabel:
        table.add_row("products to relabel", str(status.to_relabel))
    table.add_row("set aside", _counts(status.set_aside) or "none")
    table.add_row("crawl runs", _counts(status.crawl_runs))
    table.add_row("last crawl run", _run(status.last_crawl_run))
    table.add_row("training runs", _counts(status.training_runs))
    for training in status.running_trainings:
        table.add_row(f"{training.kind} run {training.id}", _how_far(training))
    table.add_row("last training run", _run(status.last_training_run))
    return table


def _run(run: LastRun | None) -> str:
    if run is None:
        return "none"
    started = "" if run.started_at is None else f", begun {run.started_at:%Y-%m-%d %H:%M}"
    status = "failed" if run.failed else run.status
    return f"{run.id}: {status}{started}{'' if run.outcome is None else f', {run.outcome}'}"


def _how_far(training: RunningTraining) -> str:
    started = training.started_at
    seconds = None if started is None else max(0.0, (utc_now() - started).total_seconds())
    begun = "" if seconds is None else f"begun {_age(seconds)} ago"
    if training.stage is None:
        return begun
    counted = _COUNTED.get(training.stage, "steps")
    epochs = "" if training.epochs is None else f", epochs done: {training.epochs}"
    return f"{training.stage}: {training.done} of {training.total} {counted}{epochs}, {begun}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number)


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"

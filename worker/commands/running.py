"""Keep the workers and their queue going: `python -m worker run`, `enqueue`, `cancel` and `retry`."""

import logging
from typing import Annotated, Literal

import typer

from db.commands.command_line import terminal
from db.logs import write_briefly
from db.messages import CLASSIFY_QUEUE
from db.pictures.codes import Reason
from db.queries.pending import count_pending
from db.queries.set_aside import count_set_aside
from db.repository.predictions import retry_images
from db.session import open_database
from db.settings import settings

# Broker and Celery are imported when they are asked for, so that the other commands need not wait for them.
# ruff: noqa: PLC0415


def run_workers(
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        typer.Option("--log-level", "-L", help="DEBUG tells everything; INFO what happens, a line each."),
    ] = "INFO",
) -> None:
    """Run broker, classifier, crawler, trainer and schedule on this machine until Ctrl-C.

    Without CELERY_BROKER_URL the embedded broker is started (or adopted). Whatever is pending is classified;
    a fresh database is trained on by itself once every category has enough listed products.
    """
    from worker.fleet.embedded_broker import EmbeddedBroker
    from worker.fleet.supervisor import children, supervise
    from worker.settings import worker_settings

    worker_settings()  # before anything is started: a wrong value would else be told in the log alone
    open_database()
    logging.getLogger().setLevel(log_level)
    is_brief = log_level != "DEBUG" and not settings().json_logs
    if is_brief:
        write_briefly()
        terminal.print(
            "Running classifier, crawler, trainer and schedule until Ctrl-C. What they do is told here, and by "
            "`python -m worker status`; --log-level DEBUG tells everything.",
            soft_wrap=True,
        )
    broker = None if settings().broker_url else EmbeddedBroker(settings().folder)
    supervise(broker, children(log_level, is_brief=is_brief))


def enqueue() -> None:
    """Send every pending image to the classifiers now; a running worker does so by itself every 10 s."""
    from worker.fleet.queue import enqueue_pending, require_broker, waiting

    require_broker()
    with open_database().read() as session:
        waiting_already = waiting(CLASSIFY_QUEUE)
        sent, pending = enqueue_pending(session), count_pending(session)
    why = ""
    if waiting_already:
        why = f": messages wait already ({waiting_already}), and workers take them first"
    elif sent < pending:
        why = ": workers are at the others, or were a moment ago"
    terminal.print(f"Sent {sent} of {pending} pending images{why}.", soft_wrap=True)


def cancel(
    kind: Annotated[
        Literal["crawl", "training"], typer.Argument(metavar="crawl|training", help="Which kind of run.")
    ],
    run: Annotated[int, typer.Argument(metavar="ID", help="As `status`, `crawl` or the page tells it.")],
) -> None:
    """Take a run back that is planned, and that no worker has taken up yet.

    One that is under way ends by Ctrl-C where it runs.

    Example: `python -m worker cancel crawl 7`
    """
    from db.models import CrawlRun, TrainingRun
    from db.repository.runs import cancel_run

    with open_database().write() as session:
        cancelled = cancel_run(session, CrawlRun if kind == "crawl" else TrainingRun, run)
    if not cancelled:
        terminal.print(f"Nothing was cancelled: no {kind} run {run} waits for a worker.")
        raise typer.Exit(1)
    terminal.print(f"The {kind} run {run} is cancelled.")


def retry(
    reason: Annotated[
        Reason | None, typer.Option(help="Why they were set aside; leave it out to see what there is.")
    ] = None,
) -> None:
    """Make images that were set aside for a reason pending again, to be classified once more.

    Set aside are images that cannot be decoded, or that ended every attempt with a dead worker.
    Pictures that the crawler refused are another matter: `scrapy crawl amazon_clothing -a retry=REASON`.
    """
    with open_database().write() as session:
        aside = count_set_aside(session)
        again = 0 if reason is None else retry_images(session, reason)
        pending = count_pending(session)
    if reason is None or not again:
        counted = ", ".join(f"{word} {count}" for word, count in aside.items()) or "none"
        terminal.print(f"Set aside: {counted}. Nothing was changed.")
        return
    terminal.print(f"Images to be tried again: {again}; pending: {pending}.")

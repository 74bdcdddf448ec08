"""Teach the network by verdicts, and see where it doubts labels: `python -m worker learn` and `suspects`."""

import time
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from db.commands.command_line import terminal
from db.commands.options import format_of, picture_file
from db.image_store import open_image_store
from db.models import ModelVersion, TrainingRun
from db.output_files import require_writable, written_to
from db.queries.relabelled import count_changed_labels
from db.queries.version_list import uncalibrated
from db.repository.runs import plan_alone
from db.session import Database, open_database
from worker.commands.output import Format, write_rows
from worker.commands.progress_bars import training_bar

# What takes long to load is imported when it is needed, so that the other commands need not wait for it.
# ruff: noqa: PLC0415


def learn(
    queue: Annotated[
        bool, typer.Option("--queue", help="Send it to a worker, and follow its progress.")
    ] = False,
) -> None:
    """Learn from the reviews since the last training, and from changes of categories.toml: in seconds.

    Fits a new head to the embeddings of all labelled pictures, activates it if it is no worse than the active
    version, and relabels every product; no network runs, and no picture is read. A new category is learnt from ten
    reviewed products on. Runs in this process; with --queue a worker does it (`python -m worker run`), which learns
    by itself after 16 verdicts.
    """
    started = time.monotonic()
    database = open_database()
    run_id = _learn_in_worker(database) if queue else _learn_here(database)
    version = _version_of(database, run_id)
    _announce(database, version, run_id)
    if not version.active:
        return
    if queue:
        from worker.commands.following import follow_relabelling

        follow_relabelling(database)
    else:
        relabel_here(database)
    with database.read() as session:
        changed = count_changed_labels(session, version.id)
    terminal.print(f"{changed} labels changed, in {time.monotonic() - started:.1f} s.")
    terminal.print("Next: `python -m db products`, `python -m db to-review`.")


def relabel_here(database: Database) -> None:
    """Relabel every product that the active version can label without a network, with a progress bar.

    Ctrl-C leaves the rest to the schedule, and ends the command.
    """
    from worker.learning.relabel_loop import relabel_all

    try:
        with training_bar() as report:
            relabel_all(database, report)
    except KeyboardInterrupt:
        terminal.print(
            "The version is active, and not all products are relabelled: `python -m worker run` does the rest.",
            soft_wrap=True,
        )
        raise typer.Exit(1) from None


def _learn_here(database: Database) -> int:
    # Loaded before the run is planned: meanwhile a worker would take it up.
    from worker.commands.following import follow_learning
    from worker.commands.interruption import cancelled_by_interrupt, interruptible
    from worker.learning.learning_run import run_learning

    run_id = _plan(database)
    with (
        cancelled_by_interrupt(database, run_id),
        training_bar() as bar_report,
        interruptible(bar_report) as report,
    ):
        version_id = run_learning(database, run_id, report)
    if version_id is None:
        terminal.print("A worker was quicker to take the run up; this is its progress.")
        follow_learning(database, run_id)
    return run_id


def _learn_in_worker(database: Database) -> int:
    from worker.commands.following import follow_learning
    from worker.fleet.queue import enqueue_learning, require_broker

    require_broker()
    run_id = _plan(database)
    enqueue_learning([run_id])
    follow_learning(database, run_id)
    return run_id


def _plan(database: Database) -> int:
    from worker.learning.learning_plan import plan_learning

    with database.write() as session:
        plan_alone(session)
        plan = plan_learning(session)
    if plan.missing:
        terminal.print(f"Not learnt yet: {plan.missing} are needed.")
    return plan.run_id


def _version_of(database: Database, run_id: int) -> ModelVersion:
    with database.read() as session:
        return session.scalars(select(ModelVersion).where(ModelVersion.training_run_id == run_id)).one()


def _announce(database: Database, version: ModelVersion, run_id: int) -> None:
    with database.read() as session:
        found = session.get_one(TrainingRun, run_id).metrics
    terminal.print(f"Learnt from {found['learnt_from']} pictures and {len(found['reviews'])} reviews.")
    if missing := found["without_embedding"]:
        terminal.print(f"{missing} labelled pictures have no embedding yet: `python -m worker classify`.")
    if note := uncalibrated(version):
        terminal.print(f"Confidences are {note}.")
    verdict = "is active" if version.active else "is worse than the active version, which stays"
    terminal.print(f"Model version {version.id} {verdict}.")


def suspects(
    output: Annotated[Format, typer.Option("--format", help="How to write the rows.")] = Format.TABLE,
    sheet: Annotated[
        Path | None,
        typer.Option(help="Draw them as well, into this .png or .jpg file.", callback=picture_file),
    ] = None,
) -> None:
    """List products whose listed category is probably wrong, for you to review; changes nothing.

    Each was compared with a model that has seen neither it nor its near duplicates (confident learning), when the
    active version was trained or learnt. `left_out` says whether it was made without the product: listed labels
    that are suspect are left out, once they are more than 2.5 % of the products, and never a review.

    Example: `python -m worker suspects --sheet suspects.png`
    """
    from worker.training.suspects import SUSPECT_COLUMNS, draw_suspects, read_suspects

    if sheet is not None:
        require_writable(sheet)
    with open_database().read() as session:
        found = read_suspects(session)
        write_rows(map(vars, found), SUSPECT_COLUMNS, output)
        if sheet is not None and found:
            drawn = draw_suspects(session, open_image_store(), found)
            with written_to(sheet) as stream:
                drawn.save(stream, format_of(sheet))
    terminal.print(f"{len(found)} suspects. Your verdict: `python -m db review MARKETPLACE ASIN CATEGORY`.")

"""Make model versions: `python -m worker train`."""

from typing import Annotated

import typer
from sqlalchemy import select

from db.commands.command_line import terminal
from db.image_store import open_image_store
from db.models import ModelVersion, TrainingRun
from db.queries.version_list import uncalibrated
from db.session import Database, open_database
from worker.cnn.config import DEFAULT_NETWORK, NetworkName
from worker.commands.learning import relabel_here
from worker.commands.progress_bars import training_bar
from worker.training.planning import plan_training

# TensorFlow takes seconds to load, so the commands that need it import it themselves, once they know that
# there is work for it.
# ruff: noqa: PLC0415


def train(
    network: Annotated[NetworkName, typer.Option(help="Which network to train.")] = DEFAULT_NETWORK,
    seed: Annotated[int, typer.Option(help="Decides everything random in the run.")] = 0,
    queue: Annotated[
        bool, typer.Option("--queue", help="Send it to a worker, and follow its progress.")
    ] = False,
) -> None:
    """Train a network on all labelled products, and activate it if it is no worse than the active version.

    Makes a body, which looks at each picture once and keeps 256 bytes of it, and a head that labels by these.
    The pictures that it trains on are labelled at once; `python -m worker classify` looks at the others.
    Runs in this process; with --queue a worker does it (`python -m worker run`).
    """
    database = open_database()
    if queue:
        _train_in_worker(database, network, seed)
    else:
        _train_here(database, network, seed)
    terminal.print("Next: `python -m worker classify`, `python -m worker evaluate`.")


def _train_in_worker(database: Database, network: NetworkName, seed: int) -> None:
    from worker.commands.following import follow_training
    from worker.fleet.queue import enqueue_training, require_broker

    require_broker()
    with database.write() as session:
        run_id = plan_training(session, network, seed)
    enqueue_training([run_id])
    follow_training(database, run_id)
    _announce(database, run_id)


def _train_here(database: Database, network: NetworkName, seed: int) -> None:
    # Loaded before the run is planned: in those seconds a worker would take it up.
    from worker.commands.following import follow_training
    from worker.commands.interruption import cancelled_by_interrupt, interruptible
    from worker.training.execution import run_training

    with database.write() as session:
        run_id = plan_training(session, network, seed)
    with (
        cancelled_by_interrupt(database, run_id),
        training_bar() as bar_report,
        interruptible(bar_report) as report,
    ):
        version_id = run_training(database, open_image_store(), run_id, report)
    if version_id is None:
        terminal.print("A worker was quicker to take the run up; this is its progress.")
        follow_training(database, run_id)
    _announce(database, run_id)
    relabel_here(database)


def _announce(database: Database, run_id: int) -> None:
    with database.read() as session:
        version = session.scalars(select(ModelVersion).where(ModelVersion.training_run_id == run_id)).one()
        found = session.get_one(TrainingRun, run_id).metrics
    reviews, left_out = len(found["reviews"]), len(found["left_out"])
    terminal.print(f"Trained with {reviews} reviews; {left_out} suspect labels were left out.")
    if note := uncalibrated(version):
        terminal.print(f"Confidences are {note}.")
    verdict = "is active" if version.active else "is worse than the active version, which stays"
    terminal.print(f"Model version {version.id} {verdict}.")

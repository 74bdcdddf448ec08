"""Train, classify and look after the queue: `python -m worker --help`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import select

from db.command_line import messages, run
from db.image_store import open_image_store
from db.messages import broker_url
from db.models import ModelVersion
from db.queries.pending import count_pending
from db.repository.model_versions import activate as activate_version
from db.session import open_database
from db.settings import settings
from worker.cnn.config import NetworkName
from worker.cnn.errors import CnnError
from worker.errors import BrokerError, WorkerError
from worker.output import Format, categories_table, figures_table, versions_table, write_rows
from worker.planning import plan_training
from worker.progress import bar, training_bar
from worker.versions import require_version

# TensorFlow takes seconds to load, so the commands that need it import it themselves.
# ruff: noqa: PLC0415

app = typer.Typer(
    help="Train, classify and look after the queue. Start with `python -m worker run`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command("run")
def run_workers() -> None:
    """Run broker, classifier, trainer and schedule on this machine until Ctrl-C.

    Without CELERY_BROKER_URL the embedded broker is started (or adopted). Whatever is pending is classified;
    a fresh database is trained on by itself once every category has enough listed products.
    """
    from worker.broker import EmbeddedBroker
    from worker.supervisor import supervise

    open_database()
    supervise(None if settings().broker_url else EmbeddedBroker(settings().folder))


@app.command()
def train(
    network: Annotated[
        NetworkName, typer.Option(help="Which network to train.")
    ] = NetworkName.EFFICIENTNET_LITE0,
    seed: Annotated[int, typer.Option(help="Of everything random in the run.")] = 0,
    queue: Annotated[
        bool, typer.Option("--queue", help="Send it to a worker, and follow its progress.")
    ] = False,
) -> None:
    """Train a network on all labelled products, and activate it if it is no worse than the active version.

    Runs in this process; with --queue a worker does it (`python -m worker run`).
    """
    database = open_database()
    with database.write() as session:
        run_id = plan_training(session, network, seed)
    if queue:
        from worker.following import follow_training
        from worker.queue import enqueue_training

        enqueue_training([run_id])
        follow_training(database, run_id)
    else:
        from worker.training import train_here

        with training_bar() as report:
            train_here(database, open_image_store(), run_id, report)
    messages.print(
        "Next: `python -m worker classify`, `python -m worker evaluate`, `python -m worker models`."
    )


@app.command()
def classify() -> None:
    """Classify every pending image in this process; needs no broker."""
    from worker.classifying import classify_pending

    database = open_database()
    with database.read() as session:
        require_version(session)
        pending = count_pending(session)
    with bar("classifying", pending) as advance:
        done = classify_pending(database, open_image_store(), advance)
    messages.print(f"Classified {done} images. Next: `python -m db products`.")


@app.command()
def evaluate(
    version: Annotated[int | None, typer.Option(help="Model version; default: the active one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every figure as one JSON object.")] = False,
) -> None:
    """Measure a model version on the test split, which no training has seen, and keep the figures."""
    from worker.evaluation import evaluate_version

    figures = evaluate_version(open_database(), open_image_store(), version).as_dict()
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
        return
    console = Console()
    console.print(figures_table(figures))
    console.print(categories_table(figures))


@app.command()
def predict(
    folder: Annotated[
        Path, typer.Argument(help="Read with all folders below it.", exists=True, file_okay=False)
    ],
    output: Annotated[Format, typer.Option("--format", help="How to write the rows.")] = Format.TABLE,
    version: Annotated[int | None, typer.Option(help="Model version; default: the active one.")] = None,
) -> None:
    """Label the files of a folder, one row per file, without recording anything.

    Example: `python -m worker predict photos --format csv > labels.csv`
    """
    from worker.predicting import files_below, predict_files
    from worker.versions import load_classifier

    database = open_database()
    with database.read() as session:
        version_id = require_version(session, version).id
    classifier = load_classifier(database, version_id)
    files = files_below(folder)
    with bar("predicting", len(files)) as advance:
        rows = (
            advance(1) or prediction.row(classifier.categories)
            for prediction in predict_files(classifier, folder, files)
        )
        write_rows(rows, classifier.categories, output)


@app.command()
def models() -> None:
    """List the model versions, the latest first."""
    with open_database().read() as session:
        versions = session.scalars(select(ModelVersion).order_by(ModelVersion.id.desc())).all()
    if not versions:
        messages.print("Nothing is trained yet: run `python -m worker train`.")
    Console().print(versions_table(versions))


@app.command()
def activate(version: Annotated[int, typer.Argument(metavar="ID", help="As `models` lists it.")]) -> None:
    """Make a model version the one whose predictions count: also the way back to an earlier one."""
    with open_database().write() as session:
        activate_version(session, version)
        pending = count_pending(session)
    messages.print(f"Model version {version} is active; {pending} images are pending.")


@app.command()
def enqueue() -> None:
    """Send every pending image to the classifiers now; a running worker does so by itself every 10 s."""
    from worker.queue import enqueue_pending

    if broker_url() is None:
        raise BrokerError("no broker is known: start `python -m worker run`, or set CELERY_BROKER_URL")
    with open_database().read() as session:
        sent, pending = enqueue_pending(session), count_pending(session)
    messages.print(f"Sent {sent} of {pending} pending images.")


if __name__ == "__main__":
    run(app, WorkerError, CnnError)

"""Train, classify and look after the queue: `python -m worker --help`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import select

from db.command_line import messages, run
from db.image_store import open_image_store
from db.models import ModelVersion
from db.options import picture_file
from db.queries.pending import count_pending
from db.repository.model_versions import activate as activate_version
from db.session import Database, open_database
from db.settings import settings
from worker.cnn.config import NetworkName
from worker.cnn.errors import CnnError
from worker.errors import NoFilesError, WorkerError
from worker.output import Format, categories_table, figures_table, versions_table, write_rows
from worker.planning import plan_training
from worker.progress import bar, training_bar
from worker.versions import require_version

# TensorFlow takes seconds to load, so the commands that need it import it themselves, once they know that
# there is work for it.
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
    if queue:
        _train_in_worker(database, network, seed)
    else:
        _train_here(database, network, seed)
    messages.print("Next: `python -m worker classify`, `python -m worker evaluate`.")


def _train_in_worker(database: Database, network: NetworkName, seed: int) -> None:
    from worker.following import follow_training
    from worker.queue import enqueue_training, require_broker

    require_broker()
    with database.write() as session:
        run_id = plan_training(session, network, seed)
    enqueue_training([run_id])
    follow_training(database, run_id)
    _announce(database, run_id)


def _train_here(database: Database, network: NetworkName, seed: int) -> None:
    # Loaded before the run is planned: in those seconds a worker would take it up.
    from worker.following import follow_training
    from worker.training import run_training

    with database.write() as session:
        run_id = plan_training(session, network, seed)
    with training_bar() as report:
        version_id = run_training(database, open_image_store(), run_id, report)
    if version_id is None:
        messages.print("A worker was quicker to take the run up; this is its progress.")
        follow_training(database, run_id)
    _announce(database, run_id)


def _announce(database: Database, run_id: int) -> None:
    with database.read() as session:
        version = session.scalars(select(ModelVersion).where(ModelVersion.training_run_id == run_id)).one()
    verdict = "is active" if version.active else "is worse than the active version, which stays"
    messages.print(f"Model version {version.id} {verdict}.")


@app.command()
def classify() -> None:
    """Classify every pending image in this process; needs no broker."""
    database = open_database()
    with database.read() as session:
        require_version(session)
        pending = count_pending(session)
    from worker.classifying import classify_pending

    with bar("classifying", pending) as advance:
        done = classify_pending(database, open_image_store(), advance)
    with database.read() as session:
        left = count_pending(session)
    elsewhere = f" {left} are with other workers; their claims end within 45 s." if left else ""
    messages.print(f"Classified {done} images.{elsewhere} Next: `python -m db products`.")


@app.command()
def evaluate(
    version: Annotated[int | None, typer.Option(help="Model version; default: the active one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every figure as one JSON object.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write report.html, one page with pictures, there.", file_okay=False
        ),
    ] = None,
) -> None:
    """Measure a model version on the test split, which no training has seen, and keep the figures.

    Each figure comes with its 95 % interval, by bootstrap over products.
    Example: `python -m worker evaluate --report var/report`
    """
    database = open_database()
    with database.read() as session:
        version_id = require_version(session, version).id
    from worker.evaluation import evaluate_version

    store = open_image_store()
    evaluation = evaluate_version(database, store, version_id)
    if report is not None:
        from worker.report import write_report

        messages.print(f"Wrote {write_report(database, store, evaluation, report)}.")
    figures = evaluation.as_dict()
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
    database = open_database()
    with database.read() as session:
        version_id = require_version(session, version).id
    from worker.predicting import COLUMNS, files_below, predict_files
    from worker.versions import load_classifier

    classifier = load_classifier(database, version_id)
    categories = classifier.specification.categories
    files = files_below(folder)
    if not files:
        raise NoFilesError(f"there is no file to label; got {folder}")
    with bar("predicting", len(files)) as advance:
        rows = (
            advance(1) or prediction.row(categories)
            for prediction in predict_files(classifier, folder, files)
        )
        write_rows(rows, (*COLUMNS, *categories), output)


@app.command()
def suspects(
    output: Annotated[Format, typer.Option("--format", help="How to write the rows.")] = Format.TABLE,
    sheet: Annotated[
        Path | None,
        typer.Option(help="Draw them as well, into this .png or .jpg file.", callback=picture_file),
    ] = None,
) -> None:
    """List products whose listed category is probably wrong, for you to review; changes nothing.

    Each is compared with a model that has seen neither it nor its near duplicates (confident learning).

    Example: `python -m worker suspects --sheet suspects.png`
    """
    from worker.suspects import SUSPECT_COLUMNS, draw_suspects, find_suspects

    database, store = open_database(), open_image_store()
    with training_bar() as report:
        found = find_suspects(database, store, report)
    write_rows(map(vars, found), SUSPECT_COLUMNS, output)
    if sheet is not None and found:
        with database.read() as session:
            draw_suspects(session, store, found).save(sheet)
    messages.print(f"{len(found)} suspects. Your verdict: `python -m db review MARKETPLACE ASIN CATEGORY`.")


@app.command()
def models() -> None:
    """List the model versions, the latest first."""
    with open_database().read() as session:
        versions = session.scalars(select(ModelVersion).order_by(ModelVersion.id.desc())).all()
    if not versions:
        messages.print("Nothing is trained yet: run `python -m worker train`.")
        return
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
    from worker.queue import enqueue_pending, require_broker

    require_broker()
    with open_database().read() as session:
        sent, pending = enqueue_pending(session), count_pending(session)
    messages.print(f"Sent {sent} of {pending} pending images.")


if __name__ == "__main__":
    run(app, WorkerError, CnnError)

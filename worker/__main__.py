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
from db.pictures import Reason
from db.queries.pending import count_pending
from db.queries.set_aside import count_set_aside
from db.repository.model_versions import activate as activate_version
from db.repository.predictions import retry_images
from db.repository.runs import plan_alone
from db.repository.slices import WRONG_ARGUMENTS, plan_slices
from db.session import Database, open_database
from db.settings import settings
from worker.cnn.config import DEFAULT_NETWORK, NetworkName
from worker.cnn.errors import CnnError
from worker.errors import NoFilesError, WorkerError
from worker.monitoring import metrics, status
from worker.options import chosen_bands, chosen_categories
from worker.output import (
    Format,
    categories_table,
    figures_table,
    robustness_table,
    slices_table,
    versions_table,
    write_rows,
)
from worker.planning import FINE_TUNE_FROM, plan_training
from worker.progress import bar, training_bar
from worker.slices import DEFAULT_MARKETPLACE, slice_arguments

# TensorFlow takes seconds to load, so the commands that need it import it themselves, once they know that
# there is work for it.
# ruff: noqa: PLC0415

app = typer.Typer(
    help="Train, classify and look after the queue. Start with `python -m worker run`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(status)
app.command()(metrics)


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
    network: Annotated[NetworkName, typer.Option(help="Which network to train.")] = DEFAULT_NETWORK,
    seed: Annotated[int, typer.Option(help="Of everything random in the run.")] = 0,
    fine_tune: Annotated[
        bool | None,
        typer.Option(
            "--fine-tune/--no-fine-tune",
            help=f"Then fine-tune the backbone in a second run; default: from {FINE_TUNE_FROM} pictures.",
        ),
    ] = None,
    queue: Annotated[
        bool, typer.Option("--queue", help="Send it to a worker, and follow its progress.")
    ] = False,
) -> None:
    """Train a network on all labelled products, and activate it if it is no worse than the active version.

    A backbone's head takes a minute or two; the fine-tuning that follows makes a version of its own, which is
    better on shops never seen. An interrupted fine-tuning goes on where it stopped when you train again.
    Runs in this process; with --queue a worker does it (`python -m worker run`).
    """
    database = open_database()
    if queue:
        _train_in_worker(database, network, seed, fine_tune)
    else:
        _train_here(database, network, seed, fine_tune)
    messages.print("Next: `python -m worker classify`, `python -m worker evaluate`.")


def _train_in_worker(database: Database, network: NetworkName, seed: int, fine_tune: bool | None) -> None:
    from worker.following import follow_training
    from worker.queue import enqueue_training, require_broker

    require_broker()
    with database.write() as session:
        run_ids = plan_training(session, network, seed, fine_tune=fine_tune)
    enqueue_training(run_ids)
    for run_id in run_ids:
        follow_training(database, run_id)
        _announce(database, run_id)


def _train_here(database: Database, network: NetworkName, seed: int, fine_tune: bool | None) -> None:
    # Loaded before the runs are planned: in those seconds a worker would take them up.
    from worker.following import follow_training
    from worker.interruption import interruptible
    from worker.training import run_training

    with database.write() as session:
        run_ids = plan_training(session, network, seed, fine_tune=fine_tune)
    for run_id in run_ids:
        with training_bar() as bar_report, interruptible(bar_report) as report:
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
    from worker.versions import require_version

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
    robustness: Annotated[
        bool,
        typer.Option(
            help="Measure also what is lost when pictures are turned, covered, lit otherwise ...; takes minutes."
        ),
    ] = True,
) -> None:
    """Measure a model version on the test split, which no training has seen, and keep the figures.

    Each figure comes with its 95 % interval, by bootstrap over products.

    Example: `python -m worker evaluate --report var/report`
    """
    from worker.versions import require_version

    database = open_database()
    with database.read() as session:
        version_id = require_version(session, version).id
    from worker.evaluation import evaluate_version
    from worker.robustness import RobustnessOptions

    store = open_image_store()
    with training_bar() as progress:
        options = RobustnessOptions(report=progress) if robustness else None
        evaluation = evaluate_version(database, store, version_id, options)
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
    if robustness:
        console.print(robustness_table(figures["robustness"]))


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
    from worker.versions import require_version

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
    `left_out` says whether the active version was trained without it: training leaves listed labels that are
    suspect out, once they are more than 2.5 % of its products, and never a review.

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


@app.command()
def crawl(
    *,
    categories: Annotated[
        str | None, typer.Option(help="Names from categories.toml, separated by commas; default: all.")
    ] = None,
    bands: Annotated[
        str | None, typer.Option(metavar="PRICES", help="Cut every search at these prices: 500,1000,2000.")
    ] = None,
    marketplace: Annotated[str, typer.Option(help="Whose pages these are.")] = DEFAULT_MARKETPLACE,
    base_url: Annotated[str | None, typer.Option(help="Another address for the same marketplace.")] = None,
    pages: Annotated[int | None, typer.Option(help="Of each slice's search; default: 7.", min=1)] = None,
    max_products: Annotated[int | None, typer.Option(help="Of each slice.", min=1)] = None,
    details: Annotated[bool, typer.Option("--details", help="Visit every product's own page.")] = False,
    render: Annotated[bool, typer.Option("--render", help="Have a browser run the pages' scripts.")] = False,
) -> None:
    """Have the workers crawl, in slices, and show their progress; Ctrl-C stops the watching, not the crawl.

    A slice is a category, one of its search terms, and a band of price. A shop shows some seven pages of a
    search, however much it found: bands go deeper. Slices that still wait are not planned twice.

    Example: `python -m worker crawl --categories saree,jeans --bands 500,1000,2000`
    """
    from worker.queue import enqueue_slices, require_broker

    options = {
        "marketplace": marketplace, "base_url": base_url, "pages": pages, "max_products": max_products,
        "details": details or None, "render": render or None,
    }  # fmt: skip
    slices = slice_arguments(chosen_categories(categories), chosen_bands(bands), options)
    require_broker()
    database = open_database()
    with database.write() as session:
        plan_alone(session)
        run_ids = plan_slices(session, marketplace, slices)
    enqueue_slices(run_ids, rendered=render)
    _follow_crawl(database, run_ids)


def _follow_crawl(database: Database, run_ids: list[int]) -> None:
    from worker.following import follow_crawl, judge_crawl

    try:
        runs = follow_crawl(database, run_ids)
    except KeyboardInterrupt:
        messages.print("The crawl goes on without you. `python -m db stats` shows how far it is.")
        raise typer.Exit(1) from None
    Console().print(slices_table(runs))
    if any(run.finish_reason == WRONG_ARGUMENTS for run in runs):
        raise typer.BadParameter("the crawler refused them and says why in the workers' log")
    judge_crawl(runs)
    messages.print("Next: `python -m db products`.")


@app.command()
def retry(
    reason: Annotated[
        Reason | None, typer.Option(help="Why they were set aside; leave it out to see what there is.")
    ] = None,
) -> None:
    """Make images that were set aside for a reason pending again, to be classified once more.

    They are dead letters: images that cannot be decoded, or that ended every attempt with a dead worker.
    Pictures that the crawler refused are another matter: `scrapy crawl amazon_clothing -a retry=REASON`.
    """
    with open_database().write() as session:
        aside = count_set_aside(session)
        again = 0 if reason is None else retry_images(session, reason)
        pending = count_pending(session)
    if reason is None or not again:
        counted = ", ".join(f"{word} {count}" for word, count in aside.items()) or "none"
        messages.print(f"Set aside: {counted}. Nothing was changed.")
        return
    messages.print(f"Images to be tried again: {again}; pending: {pending}.")


if __name__ == "__main__":
    run(app, WorkerError, CnnError)

"""Measure, list, choose and export model versions: `python -m worker evaluate`, `models`, `activate` ..."""

import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from sqlalchemy import select

from db.commands.command_line import terminal
from db.image_store import open_image_store
from db.models import ModelVersion, TrainingRun
from db.output_files import require_writable, written_to
from db.queries.pending import count_pending
from db.queries.version_list import uncalibrated
from db.repository.model_versions import activate as activate_version
from db.row_formats import as_text
from db.session import open_database
from worker.commands.output import (
    categories_table,
    figures_table,
    robustness_table,
    version_document,
    versions_table,
)
from worker.commands.progress_bars import training_bar

# TensorFlow takes seconds to load, so the commands that need it import it themselves, once they know that
# there is work for it.
# ruff: noqa: PLC0415


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

    Shares come with their 95 % interval, by bootstrap over products.

    Example: `python -m worker evaluate --report var/report`
    """
    from worker.classifying.loaded_versions import require_version

    database = open_database()
    with database.read() as session:
        found = require_version(session, version)
        version_id, note = found.id, uncalibrated(found)
    from worker.evaluating.evaluation import evaluate_version
    from worker.evaluating.version_robustness import RobustnessOptions

    if report is not None:
        require_writable(report / "report.html")
    store = open_image_store()
    with training_bar() as progress:
        options = RobustnessOptions(report=progress) if robustness else None
        evaluation = evaluate_version(database, store, version_id, options)
    if report is not None:
        from worker.evaluating.report import write_report

        terminal.print(f"Wrote {write_report(database, store, evaluation, report)}.")
    if note:
        terminal.print(f"Confidences of model version {version_id} are {note}.")
    figures = evaluation.as_dict()
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
        return
    _show_figures(figures, with_robustness=robustness)


def _show_figures(figures: dict[str, Any], *, with_robustness: bool) -> None:
    console = Console()
    console.print(figures_table(figures))
    console.print(categories_table(figures))
    if with_robustness:
        console.print(robustness_table(figures["robustness"]))


def models(
    as_json: Annotated[
        bool, typer.Option("--json", help="As JSON, with every figure and what the version knows.")
    ] = False,
) -> None:
    """List the model versions, the latest first."""
    with open_database().read() as session:
        made_by = select(ModelVersion, TrainingRun.kind).join(TrainingRun)
        versions = session.execute(made_by.order_by(ModelVersion.id.desc())).all()
    if as_json:
        documents = [version_document(version, kind) for version, kind in versions]
        typer.echo(json.dumps(documents, indent=2, default=as_text))
        return
    if not versions:
        terminal.print("Nothing is trained yet: run `python -m worker train`.")
        return
    Console().print(versions_table([(version, kind) for version, kind in versions]))


def activate(version: Annotated[int, typer.Argument(metavar="ID", help="As `models` lists it.")]) -> None:
    """Make a model version the one whose predictions count: also the way back to an earlier one.

    Products whose pictures the version or its body has seen before are relabelled, part by part: whoever reads them
    waits for nobody, and what is left when you stop this, `python -m worker run` does.
    """
    from worker.commands.learning import relabel_here

    database = open_database()
    with database.write() as session:
        activate_version(session, version)
    relabel_here(database)
    with database.read() as session:
        pending = count_pending(session)
    terminal.print(f"Model version {version} is active; {pending} images are pending.")


def export_model(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Replaced where it is there already.", dir_okay=False)
    ],
    version: Annotated[int | None, typer.Option(help="Model version; default: the active one.")] = None,
) -> None:
    """Write a model version into one file, which classifies elsewhere without the records.

    It holds network, head, calibration, categories, figures, and where the version comes from.

    Example: `python -m worker export-model garments.zip`, then `python -m worker predict photos --model garments.zip`
    """
    from worker.classifying.loaded_versions import require_version
    from worker.classifying.version_export import read_version

    with open_database().read() as session:
        exported = read_version(session, require_version(session, version))
    data = exported.to_bytes()
    with written_to(file) as stream:
        stream.write(data)
    specification, provenance = exported.served.specification, exported.provenance
    terminal.print(
        f"Wrote model version {provenance.version} ({specification.network}: "
        f"{', '.join(specification.categories)}), {len(data) / 1e6:.1f} MB. Next, wherever Vastra is installed, and "
        f"without records: python -m worker predict DIR --model {shlex.quote(str(file))}",
        markup=False,
        soft_wrap=True,
    )

"""Ask a model version here and now: `python -m worker classify`, `predict` and `embed`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from db.commands.command_line import terminal
from db.image_store import open_image_store
from db.pictures.picture_files import visible_files
from db.queries.pending import count_pending
from db.queries.set_aside import count_set_aside
from db.session import open_database
from worker.commands.learning import relabel_here
from worker.commands.output import Format, write_rows
from worker.commands.progress_bars import bar
from worker.errors import NoBodyError, NoFilesError

if TYPE_CHECKING:
    from worker.cnn.serving.classifier import Classifier

# TensorFlow takes seconds to load, so the commands that need it import it themselves, once they know that
# there is work for it.
# ruff: noqa: PLC0415


def classify() -> None:
    """Classify every pending image in this process; needs no broker.

    Products that the active version has still to relabel are relabelled first.
    """
    from worker.classifying.loaded_versions import require_version

    database = open_database()
    with database.read() as session:
        require_version(session)
        pending, aside = count_pending(session), sum(count_set_aside(session).values())
    relabel_here(database)
    from worker.classifying.claims import classify_pending

    with bar("classifying", pending) as advance:
        done = classify_pending(database, open_image_store(), advance)
    with database.read() as session:
        left, aside = count_pending(session), sum(count_set_aside(session).values()) - aside
    elsewhere = f" {left} are with other workers; their claims end within 45 s." if left else ""
    unread = f" {aside} could not be read and are set aside: `python -m worker retry`." if aside > 0 else ""
    terminal.print(
        f"Classified {done - max(0, aside)} images.{unread}{elsewhere} Next: `python -m db products`."
    )


def predict(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Read with all folders in it.", exists=True, file_okay=False)
    ],
    output: Annotated[Format, typer.Option("--format", help="How to write the rows.")] = Format.TABLE,
    version: Annotated[int | None, typer.Option(help="Model version; default: the active one.")] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="As `export-model` wrote it; no records are read.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Label the files of a folder, one row per file, without recording anything.

    Example: `python -m worker predict photos --format csv > labels.csv`
    """
    if model is not None and version is not None:
        raise typer.BadParameter(
            f"--version asks the records, --model a file: give one; got {version} and {model}"
        )
    classifier = _recorded_classifier(version) if model is None else _exported_classifier(model)
    from worker.classifying.predicting import COLUMNS, LAST_COLUMNS, predict_files

    categories = classifier.specification.categories
    files = list(visible_files(folder))
    if not files:
        raise NoFilesError(f"there is no file to label; got {folder}")
    with bar("predicting", len(files)) as advance:
        rows = (
            advance(1) or prediction.row(categories)
            for prediction in predict_files(classifier, folder, files)
        )
        write_rows(rows, (*COLUMNS, *categories, *LAST_COLUMNS), output)


def embed(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Pictures.")],
) -> None:
    """Print what the active version's body makes of pictures, one JSON object per file and line.

    `body` is its number, `embedding` its values, whole numbers from -128 to 127; or `reason` says why the file cannot
    be read. Nothing is recorded.

    Example: `python -m worker embed photo.jpg`
    """
    from worker.classifying.loaded_versions import load_classifier, require_version
    from worker.classifying.predicting import embed_files

    database = open_database()
    with database.read() as session:
        version = require_version(session)
    if version.body_id is None:
        raise NoBodyError(
            f"model version {version.id} has no body to embed with: run `python -m worker train`; "
            f"got a {version.network}"
        )
    for each in embed_files(load_classifier(database, version.id), version.body_id, files):
        typer.echo(each.line())


def _recorded_classifier(version: int | None) -> "Classifier":
    from worker.classifying.loaded_versions import load_classifier, require_version

    database = open_database()
    with database.read() as session:
        version_id = require_version(session, version).id
    return load_classifier(database, version_id)


def _exported_classifier(file: Path) -> "Classifier":
    from worker.classifying.exported_model import ExportedModel

    with file.open("rb") as stream:
        return ExportedModel.read(stream).served.classifier()

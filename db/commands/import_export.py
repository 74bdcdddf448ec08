"""Take pictures in and give them out: `python -m db import` and `export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from db.categories import load_categories
from db.commands.command_line import terminal
from db.commands.options import source_name
from db.errors import ImportFolderError, NothingToImportError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from db.datasets.importing import ImportCounts, Photo

# `--help` is to answer at once, so that a command imports what it needs itself: SQLAlchemy and Pillow are large.
# ruff: noqa: PLC0415


_NAMED: Final = 5
"""Pictures of an import that are named one by one."""


def import_folder(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Read with all folders in it.", exists=True, file_okay=False)
    ],
    source: Annotated[
        str, typer.Option(callback=source_name, help="Where the photos come from: their marketplace.")
    ],
    unlabelled: Annotated[
        bool, typer.Option("--unlabelled", help="Ignore the names of the folders and label nothing.")
    ] = False,
) -> None:
    """Import photos, each as one product, from folders named like their categories.

    The nearest such folder around a photo is its listed category, however deep; `other` means none of them.
    Photos below no such folder stop the import before it begins. Importing again changes nothing, from wherever
    it is; a photo that was moved to another category's folder keeps its product and gets that category. An
    interrupted import keeps what it has saved.

    Example: python -m db import photos --source wardrobe (with photos/jeans/1.jpg, photos/other/shirts/2.png)
    """
    from db.datasets.importing import find_photos

    try:
        found = find_photos(folder, load_categories(), unlabelled=unlabelled)
    except ImportFolderError as error:
        raise typer.BadParameter(str(error)) from error
    outcome = _import(found.photos, source)
    terminal.print(f"Saved: {_listed(outcome.stored)}. Refused: {_listed(outcome.refused)}.", soft_wrap=True)
    if outcome.moved:
        terminal.print(f"Moved: {outcome.moved} photos, which keep their products and reviews.")
    _name_contradictions(source)
    terminal.print(f"Skipped: {found.skipped} files that are no pictures by their names.")
    if outcome.total() < len(found.photos):
        terminal.print("Interrupted: what is counted here is saved; run it again for the rest.")
        raise typer.Exit(1)
    if not outcome.stored:
        raise NothingToImportError(f"no picture was imported; check the folder, got {folder}")
    _tell_what_comes()


def _tell_what_comes() -> None:
    """Say what a worker does with the photos, or what the first training still waits for."""
    from db.queries.first_training import first_training
    from db.session import open_database
    from db.settings import train_after

    with open_database().read() as session:
        awaited = first_training(session, load_categories(), train_after())
    if awaited is None:
        terminal.print("A running worker picks them up by itself: python -m worker run")
    else:
        terminal.print(awaited.sentence(), soft_wrap=True)


def _import(photos: "Sequence[Photo]", source: str) -> "ImportCounts":
    """Import with a progress bar; Ctrl-C ends it early, with the counts of what is committed."""
    from rich.progress import Progress

    from db.datasets.importing import ImportCounts, import_photos
    from db.image_store import open_image_store
    from db.session import open_database

    counts = ImportCounts()
    with Progress(console=terminal) as progress:
        task = progress.add_task("Importing", total=len(photos))
        try:
            for batch in import_photos(open_database(), open_image_store(), photos, source):
                counts.add(batch)
                progress.update(task, advance=len(batch.photos))
        except KeyboardInterrupt:
            progress.stop()
    return counts


def _name_contradictions(source: str) -> None:
    from db.queries.contradicting_photos import contradicting_photos
    from db.session import open_database

    with open_database().read() as session:
        pictures = contradicting_photos(session, source)
    for asins in pictures[:_NAMED]:
        terminal.print(
            f"The same picture in several categories: {', '.join(asins)}", soft_wrap=True, markup=False
        )
    if pictures:
        terminal.print(
            f"{len(pictures)} such pictures label nothing: leave each in one folder, and import again."
        )


def export(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="New, empty, or an earlier export.", file_okay=False)
    ],
    chosen: Annotated[
        Literal["folders", "parquet"],
        typer.Option("--format", help="Folders for Keras, or one file pictures.parquet."),
    ] = "folders",
) -> None:
    """Export the labelled pictures, as train, validation and test folders with a folder per label.

    The label is the latest review's, else the listed category; known negatives lie in `other`, which the
    class_names of Keras can leave out. Products keep the split of their first training; others get the split
    that a training would give them now. Files are named like 249saree.jpg and hold the original bytes; WEBP
    and AVIF become PNG. DIR has to be new, empty, or an earlier export, which the new one then replaces.

    Example: python -m db export dataset && ls dataset/train/saree
    """
    from rich.progress import Progress

    from db.datasets.export_folder import replacing
    from db.datasets.exporting import choose_pictures, read_pictures, write_folders, write_parquet
    from db.image_store import open_image_store
    from db.queries.labelled_images import labelled_images
    from db.session import open_database

    database, store = open_database(), open_image_store()
    write = write_folders if chosen == "folders" else write_parquet
    with replacing(folder) as part, Progress(console=terminal) as progress:
        with database.read() as session:
            pictures = choose_pictures(labelled_images(session, load_categories()))
        written = write(part, progress.track(read_pictures(database, store, pictures), total=len(pictures)))
    terminal.print(f"Exported to {folder}: {_listed(written)}.", soft_wrap=True, markup=False)
    if missing := len(pictures) - sum(written.values()):
        terminal.print(f"Left out: {missing} pictures whose bytes are not in the image store.")


def _listed(counts: "Mapping[str, int]") -> str:
    return ", ".join(f"{word} {number}" for word, number in sorted(counts.items())) or "nothing"

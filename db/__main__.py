"""Query and look after the records: `python -m db --help`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from db.categories import load_categories
from db.commands.command_line import messages, run
from db.commands.options import (
    ExportFormat,
    ProductFormat,
    StatisticsFormat,
    label,
    picture_file,
    source_name,
    verdict,
)
from db.errors import ImportFolderError, NothingToImportError
from db.pictures.codes import QualityCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from db.datasets.importing import ImportCounts, Photo

# `--help` is to answer at once, so each command imports what it needs: SQLAlchemy and Pillow are large.
# ruff: noqa: PLC0415

app = typer.Typer(
    help="Query and look after the records: products, pictures, labels. Start with `python -m db stats`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


@app.command()
def upgrade() -> None:
    """Bring the database at DATABASE_URL to this code's schema.

    A new SQLite file needs no upgrade; PostgreSQL does, before its first use. Upgrading twice does no harm.

    Example: DATABASE_URL=postgresql://vastra@localhost/vastra python -m db upgrade
    """
    from db.migration import current_revision
    from db.migration import upgrade as upgrade_schema
    from db.session import Database
    from db.settings import settings

    engine = Database(settings().database_url).engine
    before = current_revision(engine)
    upgrade_schema(engine)
    messages.print(f"The schema was {before or 'empty'} and is now {current_revision(engine)}.")


@app.command()
def products(
    *,
    category: Annotated[
        str | None, typer.Option(callback=label, help="Only products with this label, such as saree.")
    ] = None,
    min_confidence: Annotated[
        float | None, typer.Option(min=0, max=1, help="Only labels of at least this confidence.")
    ] = None,
    uncertain: Annotated[
        bool, typer.Option("--uncertain", help="Only products without a sure label.")
    ] = False,
    disagree: Annotated[
        bool, typer.Option("--disagree", help="Only products whose label is not the listed category.")
    ] = False,
    brand: Annotated[str | None, typer.Option(help="Only this brand, spelt as the shop does.")] = None,
    marketplace: Annotated[str | None, typer.Option(help="Only this marketplace, such as amazon.in.")] = None,
    quality: Annotated[
        QualityCode | None, typer.Option(help="Only products with a picture of this quality code.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many; a table shows 20.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Go on after the product with this id.")] = 0,
    chosen: Annotated[
        ProductFormat, typer.Option("--format", help="All but the table have every column and no limit.")
    ] = ProductFormat.TABLE,
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write json, csv or parquet to this file.")
    ] = None,
) -> None:
    """List products in the order of their ids, classified or not.

    The category is empty where the network is uncertain or has not been asked yet. The columns are those of
    the view classified_products, then the id, which --after takes.

    Example: python -m db products --category saree --min-confidence 0.9 --format csv --output sarees.csv
    """
    from db.commands.product_list import print_page, write_all
    from db.queries.products import ProductFilter

    wanted = ProductFilter(category, min_confidence, uncertain, disagree, brand, marketplace, quality)
    if chosen is not ProductFormat.TABLE:
        write_all(wanted, limit, after, chosen, output)
    elif output is not None:
        raise typer.BadParameter("--output goes with --format json, csv or parquet; got a table")
    else:
        print_page(wanted, limit, after)


@app.command("import")
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
    Photos below no such folder stop the import before it begins. Importing again changes nothing, and an
    interrupted import keeps what it has saved.

    Example: python -m db import photos --source wardrobe (with photos/jeans/1.jpg, photos/other/shirts/2.png)
    """
    from db.datasets.importing import find_photos

    try:
        found = find_photos(folder, load_categories(), unlabelled=unlabelled)
    except ImportFolderError as error:
        raise typer.BadParameter(str(error)) from error
    outcome = _import(found.photos, source)
    messages.print(f"Saved: {_listed(outcome.stored)}. Refused: {_listed(outcome.refused)}.", soft_wrap=True)
    messages.print(f"Skipped: {found.skipped} files that are no pictures by their names.")
    if outcome.total() < len(found.photos):
        messages.print("Interrupted: what is counted here is saved; run it again for the rest.")
        raise typer.Exit(1)
    if not outcome.stored:
        raise NothingToImportError(f"no picture was imported; check the folder, got {folder}")
    messages.print("A running worker picks them up by itself: python -m worker run")


def _import(photos: "Sequence[Photo]", source: str) -> "ImportCounts":
    """Import with a progress bar; Ctrl-C ends it early, with the counts of what is committed."""
    from rich.progress import Progress

    from db.datasets.importing import ImportCounts, import_photos
    from db.image_store import open_image_store
    from db.session import open_database

    counts = ImportCounts()
    with Progress(console=messages) as progress:
        task = progress.add_task("Importing", total=len(photos))
        try:
            for batch in import_photos(open_database(), open_image_store(), photos, source):
                counts.add(batch)
                progress.update(task, advance=len(batch))
        except KeyboardInterrupt:
            progress.stop()
    return counts


@app.command()
def export(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="New, empty, or an earlier export.", file_okay=False)
    ],
    chosen: Annotated[
        ExportFormat, typer.Option("--format", help="Folders for Keras, or one file pictures.parquet.")
    ] = ExportFormat.FOLDERS,
) -> None:
    """Export the labelled pictures, as train, validation and test folders with a folder per label.

    The label is the latest review's, else the listed category; known negatives lie in `other`, which the
    class_names of Keras can leave out. Products keep the split of their first training; others get the split
    that a training would give them now. Files are named like 249saree.jpg and hold the original bytes; WEBP
    and AVIF become PNG. DIR has to be new, empty, or an earlier export, which the new one then replaces.

    Example: python -m db export dataset && ls dataset/train/saree
    """
    from rich.progress import Progress

    from db.datasets.exporting import choose_pictures, read_pictures, replacing, write_folders, write_parquet
    from db.image_store import open_image_store
    from db.queries.labelled_images import labelled_images
    from db.session import open_database

    database, store = open_database(), open_image_store()
    with database.read() as session:
        pictures = choose_pictures(labelled_images(session, load_categories()))
    write = write_folders if chosen is ExportFormat.FOLDERS else write_parquet
    with replacing(folder) as part, Progress(console=messages) as progress:
        written = write(part, progress.track(read_pictures(database, store, pictures), total=len(pictures)))
    messages.print(f"Exported to {folder}: {_listed(written)}.", soft_wrap=True, markup=False)
    if missing := len(pictures) - sum(written.values()):
        messages.print(f"Left out: {missing} pictures whose bytes are not in the image store.")


@app.command()
def review(
    marketplace: Annotated[
        str, typer.Argument(metavar="MARKETPLACE", help="The product's marketplace, such as amazon.in.")
    ],
    asin: Annotated[
        str, typer.Argument(metavar="ASIN", help="The product's ASIN; for a photo its path in the folder.")
    ],
    category: Annotated[
        str,
        typer.Argument(
            metavar="CATEGORY", help="What it is; `other` is none of the categories.", callback=verdict
        ),
    ],
) -> None:
    """Record your verdict on a product's category; it wins over the network from now on.

    Example: python -m db review amazon.in B0EXAMPLE1 jeans
    """
    from db.repository.labels import add_review
    from db.session import open_database

    with open_database().write() as session:
        add_review(session, (marketplace, asin), category, load_categories())
    messages.print(f"{marketplace} {asin} is reviewed: {category}.", soft_wrap=True, markup=False)


@app.command()
def stats(
    chosen: Annotated[
        StatisticsFormat, typer.Option("--format", help="A table for people, or JSON for programs.")
    ] = StatisticsFormat.TABLE,
) -> None:
    """Count products, pictures, labels and runs.

    Example: python -m db stats --format json
    """
    from db.commands.formats import as_text, print_statistics
    from db.queries.statistics import gather_statistics
    from db.session import open_database

    with open_database().read() as session:
        statistics = gather_statistics(session, load_categories())
    if chosen is StatisticsFormat.JSON:
        typer.echo(json.dumps(asdict(statistics), indent=2, default=as_text))
    else:
        print_statistics(statistics)


@app.command("contact-sheet")
def contact_sheet(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Where to draw it: a .png or .jpg file.", callback=picture_file),
    ],
    columns: Annotated[int, typer.Option(help="Products in a row.", min=2, max=20)] = 8,
) -> None:
    """Draw classified products as one picture: a row per category, from the surest to the least sure.

    Example: python -m db contact-sheet sheet.png
    """
    from db.commands.contact_sheet import draw_contact_sheet
    from db.image_store import open_image_store
    from db.session import open_database

    with open_database().read() as session:
        sheet = draw_contact_sheet(session, open_image_store(), load_categories(), columns)
    sheet.save(file)
    messages.print(f"Drawn: {file}", soft_wrap=True, markup=False)


def _listed(counts: "Mapping[str, int]") -> str:
    return ", ".join(f"{word} {number}" for word, number in sorted(counts.items())) or "nothing"


if __name__ == "__main__":
    run(app)

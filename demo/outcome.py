"""What the whole job has come to, for the reader of the demo."""

import os
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from db.categories import load_categories
from db.commands.formats import print_products
from db.models import ModelVersion
from db.queries.products import ProductFilter, stream_products
from db.queries.statistics import Statistics, gather_statistics
from db.session import Database
from db.settings import settings

_PRODUCTS_SHOWN = 4
"""Of each category."""


def print_summary(database: Database) -> None:
    """Print counts, training figures and the first classified products, and the commands that show more."""
    categories = load_categories()
    with database.read() as session:
        statistics = gather_statistics(session, categories)
        version = session.get(ModelVersion, statistics.active_model_version or 0)
    console = Console()
    console.rule("What the records hold now")
    console.print(_counts(statistics, version))
    for category in categories:
        wanted = ProductFilter(category=category.name)
        print_products(list(stream_products(database, wanted, limit=_PRODUCTS_SHOWN)))
    console.rule("See more")
    console.print(_commands(), soft_wrap=True, highlight=False)


def _counts(statistics: Statistics, version: ModelVersion | None) -> Table:
    table = Table(show_header=False, box=None)
    table.add_row("products crawled", str(statistics.products))
    table.add_row("images stored", str(statistics.images))
    table.add_row("images refused", _by_word(statistics.refused))
    table.add_row("labels", _by_word(statistics.labelled))
    table.add_row("uncertain", str(statistics.uncertain))
    table.add_row("labels that differ from the shop's", str(statistics.disagreements))
    if version is not None:
        table.add_row("network", f"{version.network}, model version {version.id}")
    if version is not None and (test := version.metrics.get("test")) is not None:
        table.add_row("accuracy on the test split", f"{test['accuracy']:.3f} of {test['pictures']} pictures")
        table.add_row("expected calibration error", f"{test['expected_calibration_error']:.3f}")
    return table


def _by_word(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {word}" for word, number in counts.items()) or "none"


def _commands() -> str:
    """Name the commands as they can be typed in the folder where the demo was started."""
    python = _relative(Path(sys.executable))
    folder = (
        [] if os.environ.get("DATABASE_URL") else [f"export VASTRA_FOLDER={_relative(settings().folder)}"]
    )
    commands = (
        "db products --category jeans --min-confidence 0.9",
        "db products --format csv > products.csv",
        "db stats",
        "db contact-sheet sheet.png",
        "worker evaluate",
        "web --open  # look, correct and follow all of it on one page",
    )
    return "\n".join([*folder, *(f"{python} -m {command}" for command in commands)])


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path

"""A person's part in the job: a few verdicts, given by what the shop knows of its products, and what they teach."""

import csv
import subprocess
import sys
from pathlib import Path

from rich.table import Table

from db.categories import OTHER
from db.commands.command_line import terminal
from db.queries.to_review import ToReview, products_to_review
from db.session import Database
from db.settings import ROOT, settings
from demo.errors import StepFailedError
from demo.shop.catalogue import Catalogue

VERDICTS = 8


def teach(database: Database, catalogue: Catalogue) -> None:
    """Ask which verdicts are worth most, give them by the catalogue, learn from them, and show what has changed.

    Raises:
        StepFailedError: a command did not do its job.
    """
    with database.read() as session:
        asked = products_to_review(session, limit=VERDICTS)
    verdicts = {
        product.asin: _truth(catalogue, product) for product in asked if product.asin in catalogue.by_asin
    }
    if not verdicts:
        terminal.print("There is nothing to review.")
        return
    terminal.print(_questions(asked, verdicts))
    file = settings().folder / "verdicts.csv"
    _write(file, asked, verdicts)
    _run("db", "review", "--from", str(file), "--reviewer", "demo")
    _run("worker", "learn")


def _truth(catalogue: Catalogue, product: ToReview) -> str:
    category = catalogue.by_asin[product.asin].category
    return category if category in {each.name for each in catalogue.categories} else OTHER


def _questions(asked: list[ToReview], verdicts: dict[str, str]) -> Table:
    table = Table("product", "why", "listed as", "network", "verdict")
    for product in asked:
        if product.asin in verdicts:
            likeliest = f"{product.likeliest} ({product.confidence or 0:.0%})"
            table.add_row(
                product.title, product.why, product.listed_category, likeliest, verdicts[product.asin]
            )
    return table


def _write(file: Path, asked: list[ToReview], verdicts: dict[str, str]) -> None:
    with file.open("w", encoding="utf-8", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(("marketplace", "asin", "category", "why"))
        rows.writerows(
            (product.marketplace, product.asin, verdicts[product.asin], product.why)
            for product in asked
            if product.asin in verdicts
        )


def _run(module: str, *words: str) -> None:
    terminal.print(f"$ python -m {module} {' '.join(words)}", highlight=False, soft_wrap=True)
    done = subprocess.run([sys.executable, "-m", module, *words], cwd=ROOT, check=False)  # noqa: S603 - our own words
    if done.returncode != 0:
        raise StepFailedError(f"`python -m {module} {words[0]}` did not do its job; the lines above say why")

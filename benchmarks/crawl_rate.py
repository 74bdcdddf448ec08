"""Measure the crawler against the demo shop: `python benchmarks/crawl_rate.py [--products N] [--details]`.

The shop runs in a process of its own. A first crawl has it draw its pictures; the second one, into fresh
records, is measured: wall time by the records' own clock, CPU and memory by the operating system.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from db.crawls import CrawlArguments, Tally, spider_command
from db.models import CrawlRun
from db.session import Database

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Measured:
    """One crawl: its run in the records, and what it cost."""

    run: CrawlRun
    cpu_seconds: float
    peak_mb: float

    @property
    def seconds(self) -> float:
        """From the run's start to its end, without the start of Python."""
        assert self.run.started_at is not None
        assert self.run.finished_at is not None
        return (self.run.finished_at - self.run.started_at).total_seconds()


def main(
    products: Annotated[int, typer.Option(help="Products of each category.")] = 120,
    details: Annotated[bool, typer.Option(help="Visit product pages, too.")] = False,
) -> None:
    """Crawl the demo shop twice and print what the second time cost."""
    command = [sys.executable, "-m", "demo.shop", "--products", str(products), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as shop:
        try:
            assert shop.stdout is not None
            base_url = shop.stdout.readline().strip()
            crawl(base_url, details)
            report(crawl(base_url, details))
        finally:
            shop.terminate()


def crawl(base_url: str, details: bool) -> Measured:
    """Run the crawl command with fresh records."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/records.sqlite3"
        child = subprocess.Popen(
            spider_command(CrawlArguments(base_url=base_url, details=details)),
            cwd=ROOT,
            env=os.environ | {"VASTRA_FOLDER": folder, "DATABASE_URL": url},
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(child.pid, 0)
        if status:
            raise typer.Exit(code=1)
        database = Database(url)
        with database.read() as session:
            run = session.scalars(select(CrawlRun)).one()
        database.close()
    # Linux counts kilobytes, macOS bytes.
    peak_mb = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Measured(run, usage.ru_utime + usage.ru_stime, peak_mb)


def report(measured: Measured) -> None:
    """Print the figures as a table."""
    tally = Tally.read(measured.run.statistics)
    pages, images, products = sum(tally.pages.values()), tally.images_stored, tally.products_new
    table = Table("figure", "value", title=f"{products} products, {images} images, {pages} pages")
    for figure, value in (
        ("pages/s", pages / measured.seconds),
        ("images/s", images / measured.seconds),
        ("products/s", products / measured.seconds),
        ("CPU ms a product, start included", measured.cpu_seconds * 1000 / products),
        ("peak memory, MB", measured.peak_mb),
        ("seconds", measured.seconds),
    ):
        table.add_row(figure, f"{value:.1f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)

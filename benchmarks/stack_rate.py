"""What more workers bring in the compose stack: `python -m benchmarks.stack_rate`.

A stack of its own comes up, with the demo shop, and is removed afterwards. Products and images a second are from
the start of the first slice to the end of the last, without the delay of a live crawl, which a fleet shares; the shop
has drawn its pictures before. Images classified a second are those after the first batch, from its end to that of the
last.
"""

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select, text

from db.categories import load_categories
from db.crawls import CrawlArguments
from db.models import CrawlRun, Image, Prediction, Product, RunStatus, TrainingRun
from db.queries.pending import count_pending
from db.repository.slices import plan_slices
from db.session import Database
from tests.factories import activate_another, copy_version
from tests.stack.accidents import SHOP
from tests.stack.stack import Stack
from worker.crawling.slicing import cut_crawl, price_bands
from worker.fleet.waiting import wait_until
from worker.training.planning import plan_training

CUTS = (700, 1400)
LONGEST_SECONDS = 900


def main(
    crawlers: Annotated[int, typer.Option(help="Crawl workers at most.", min=1)] = 3,
    classifiers: Annotated[int, typer.Option(help="Classifiers at most.", min=1)] = 2,
) -> None:
    """Crawl with 1, 2, ... workers, then classify likewise, and print the rates."""
    stack = Stack("vastra-rate", variables={"VASTRA_TRAIN_AFTER": "0"})
    console = Console()
    stack.remove()
    stack.compose("build", "crawl-worker", "classifier")
    try:
        started = time.monotonic()
        stack.compose("up", "-d", "trainer", "beat", "classifier", "shop")  # classifiers consume the schedule
        console.print(f"up after {time.monotonic() - started:.0f} s")
        records = Database(stack.database_url)
        console.print(measure_crawls(stack, records, crawlers))
        console.print(measure_classifying(stack, records, classifiers))
        records.close()
    finally:
        stack.remove()


def measure_crawls(stack: Stack, records: Database, most: int) -> Table:
    """Crawl the same slices with 1, 2, ... workers, into empty records each time."""
    table = Table("crawl workers", "slices", "products", "images", "seconds", "products/s", "images/s")
    for workers in (1, *range(1, most + 1)):  # the first one has the shop draw its pictures
        stack.scale("crawl-worker", workers)
        with records.write() as session:
            session.execute(text("TRUNCATE products, images, crawl_runs CASCADE"))
            whole = CrawlArguments(base_url=SHOP)
            runs = plan_slices(session, cut_crawl(whole, load_categories(), price_bands(CUTS)))
        wait_for_runs(records, CrawlRun)
        with records.read() as session:
            started, finished = session.execute(
                select(func.min(CrawlRun.started_at), func.max(CrawlRun.finished_at))
            ).one()
            found, images = (session.scalar(select(func.count(kind.id))) or 0 for kind in (Product, Image))
        assert started is not None
        assert finished is not None
        seconds = (finished - started).total_seconds()
        counts = map(str, (workers, len(runs), found, images))
        table.add_row(*counts, f"{seconds:.1f}", f"{found / seconds:.1f}", f"{images / seconds:.1f}")
    return table


def measure_classifying(stack: Stack, records: Database, most: int) -> Table:
    """Train once, then have everything classified anew with 1, 2, ... classifiers."""
    with records.write() as session:
        plan_training(session)
    wait_for_runs(records, TrainingRun)
    copy_version(records)
    table = Table("classifiers", "images", "seconds", "images/s")
    for workers in (1, *range(1, most + 1)):  # the first one warms up
        stack.scale("classifier", workers)
        version = activate_another(records)
        assert wait_until(lambda: is_classified(records), LONGEST_SECONDS, every=0.5)
        with records.read() as session:
            theirs = select(Prediction.created_at).where(Prediction.model_version_id == version)
            moments = sorted(session.scalars(theirs))
        seconds = (moments[-1] - moments[0]).total_seconds()
        images = sum(moment > moments[0] for moment in moments)
        table.add_row(str(workers), str(images), f"{seconds:.1f}", f"{images / seconds:.1f}")
    return table


def wait_for_runs(records: Database, kind: type[CrawlRun] | type[TrainingRun]) -> None:
    """Wait until every run is finished."""

    def done() -> bool:
        with records.read() as session:
            return not session.query(kind).where(kind.status != RunStatus.FINISHED).count()

    assert wait_until(done, LONGEST_SECONDS, every=0.5)


def is_classified(records: Database) -> bool:
    """Say whether nothing is pending."""
    with records.read() as session:
        return count_pending(session) == 0


if __name__ == "__main__":
    typer.run(main)

"""The whole job against the demo shop: crawl, train, classify and query, each by its own command."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from db.commands.command_line import terminal
from db.crawls import CrawlArguments, ExitCode, spider_command
from db.models import TrainingRun
from db.queries.pending import count_pending
from db.session import Database
from db.settings import ROOT, settings
from db.states.version_states import active_version
from demo.errors import StepFailedError
from demo.outcome import print_summary
from demo.shop.catalogue import Catalogue
from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.teaching import teach
from worker.commands.following import follow_relabelling, follow_training
from worker.commands.progress_bars import bar
from worker.fleet.waiting import wait_until
from worker.training.planning import plan_training

_FIRST_TRAINING_SECONDS = 300
_PORT = 8477
_CLASSIFYING_SECONDS = 600
_LOOK_SECONDS = 0.5


def run_whole_job(database: Database, config: ShopConfig) -> None:
    """Open the shop, run every step that is still to be done, and print what came of it.

    Raises:
        StepFailedError: a step did not do its job; the message names the log to read.
    """
    with _open_shop(config) as shop, running_worker():
        terminal.print(f"{len(shop.catalogue.products)} products. {shop.note}")
        run_job_at(database, shop.base_url, shop.catalogue)


def run_job_at(database: Database, base_url: str, catalogue: Catalogue | None = None) -> None:
    """Crawl a shop that is open, have the workers that run train and classify, and print what came of it.

    Where the catalogue is at hand, it answers what a person would be asked, and the network learns from that.

    Raises:
        StepFailedError: a step did not do its job; the message names the log to read.
    """
    terminal.rule(f"Crawl {base_url}")
    crawl(base_url)
    terminal.rule("Train")
    train(database)
    terminal.rule("Classify")
    classify(database)
    if catalogue is not None:
        terminal.rule("Review and learn")
        teach(database, catalogue)
    print_summary(database)


def _open_shop(config: ShopConfig) -> DemoShop:
    """Open the shop where it was the last time, so that a second crawl knows its pictures again."""
    try:
        return DemoShop(replace(config, port=_PORT))
    except OSError as error:
        terminal.print(f"Port {_PORT} is taken ({error}): the pictures will have new addresses.")
        return DemoShop(config)


@contextmanager
def running_worker() -> Iterator[None]:
    """Run `python -m worker run` beside the block, its words in a log."""
    with _log().open("ab") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "worker", "run"],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is ours: the worker is told when the steps have stopped
        )
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def crawl(base_url: str) -> None:
    """Run the spider as a user would."""
    command = spider_command(CrawlArguments(base_url=base_url))
    with subprocess.Popen(command, cwd=ROOT) as spider:  # noqa: S603 - our own words and address
        try:
            code = spider.wait()
        except KeyboardInterrupt:
            spider.wait()  # it has heard Ctrl-C too, and saves what it has
            raise
    if code != ExitCode.DONE:
        raise StepFailedError("the crawl did not do its job; the lines above say why")


def train(database: Database) -> None:
    """Wait for the training that the worker starts by itself, and show its progress.

    What an earlier job has trained is used; a training of it that failed is planned anew.
    """
    run = _training_run(database)
    with database.write() as session:
        if active_version(session) is not None:
            terminal.print("Trained already: the model version of an earlier run is used.")
            return
        if run is not None and run.error is not None:
            plan_training(session)
    if not wait_until(lambda: _training_run(database) is not None, _FIRST_TRAINING_SECONDS, _LOOK_SECONDS):
        raise StepFailedError(f"the worker did not begin to train; its log is {_log()}")
    run = _training_run(database)
    if run is not None:
        follow_training(database, run.id)


def classify(database: Database) -> None:
    """Wait until nothing is pending and every product has its label, and show how far it is."""
    total = _pending(database)
    with bar("classifying", total) as advance:
        shown = 0

        def done() -> bool:
            nonlocal shown
            left = _pending(database)
            advance(total - left - shown)
            shown = total - left
            return left == 0

        if not wait_until(done, _CLASSIFYING_SECONDS, _LOOK_SECONDS):
            raise StepFailedError(f"{_pending(database)} images still wait; the worker's log is {_log()}")
    follow_relabelling(database)


def _training_run(database: Database) -> TrainingRun | None:
    latest = select(TrainingRun).order_by(TrainingRun.id.desc()).limit(1)
    with database.read() as session:
        return session.scalars(latest).one_or_none()


def _pending(database: Database) -> int:
    with database.read() as session:
        return count_pending(session)


def _log() -> Path:
    folder = settings().folder
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "worker.log"

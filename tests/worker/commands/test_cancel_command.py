"""Planned runs are taken back before a worker takes them up."""

from collections.abc import Callable, Iterator

import pytest
from typer.testing import CliRunner, Result

from db.crawls import CrawlArguments, FinishReason
from db.models import CrawlRun, TrainingRun
from db.repository.runs import begin_run, plan_training_run
from db.repository.slices import plan_slices
from db.session import Database
from worker.__main__ import app


@pytest.fixture
def records(sqlite_url: str, set_database_url: Callable[[Database], None]) -> Iterator[Database]:
    """Records with a planned training, run 1, and a planned slice of a crawl, likewise 1."""
    database = Database(sqlite_url)
    with database.write() as session:
        plan_training_run(session, "seed_cnn", {}, seed=0)
        plan_slices(session, [CrawlArguments(categories=("saree",), search="silk saree")])
    set_database_url(database)
    yield database
    database.close()


def cancel(kind: str) -> Result:
    return CliRunner().invoke(app, ["cancel", kind, "1"], catch_exceptions=False)


def test_what_is_planned_is_cancelled_once(records: Database) -> None:
    for kind in ("crawl", "training"):
        assert cancel(kind).exit_code == 0
        assert cancel(kind).exit_code == 1
    with records.read() as session:
        assert session.get_one(CrawlRun, 1).finish_reason == FinishReason.CANCELLED
        assert session.get_one(TrainingRun, 1).error == "cancelled before it began"


def test_what_a_worker_is_at_goes_on(records: Database) -> None:
    with records.write() as session:
        assert begin_run(session, TrainingRun, 1)
    refused = cancel("training")
    assert (refused.exit_code, "Nothing was cancelled" in refused.stderr) == (1, True)
    with records.read() as session:
        assert session.get_one(TrainingRun, 1).error is None

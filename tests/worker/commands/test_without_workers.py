"""What is told where no broker answers, or where workers are at the images already."""

import pytest
from sqlalchemy import func, select, update
from typer.testing import CliRunner, Result

from db.messages import CLASSIFY_QUEUE
from db.models import CrawlRun, Image, TrainingRun, utc_now
from db.session import Database
from db.states.image_states import LEASE
from tests.factories import model_version, product, save
from tests.screens import plain
from tests.worker.embeddings import STRANGE, review, taught
from worker.__main__ import app
from worker.app import app as celery
from worker.errors import BrokerError
from worker.fleet.queue import waiting


@pytest.fixture
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setitem(celery.conf, "broker_url", "redis://127.0.0.1:1/0")


@pytest.fixture
def pending(records: Database) -> Database:
    """Three images that wait for the active version."""
    model_version(records)
    save(records, product("B000000001", 1, 2, 3))
    return records


def command(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"}, catch_exceptions=False)


def runs(database: Database) -> list[int | None]:
    with database.read() as session:
        return [session.scalar(select(func.count(run.id))) for run in (CrawlRun, TrainingRun)]


@pytest.mark.slow
@pytest.mark.usefixtures("_no_broker")
@pytest.mark.parametrize("words", [("train", "--queue"), ("learn", "--queue"), ("crawl",)])
def test_what_needs_a_worker_plans_nothing_while_no_broker_answers(
    words: tuple[str, ...], records: Database
) -> None:
    taught(records)
    review(records, "strange", STRANGE[:10], "trousers")  # else there would be nothing to learn
    before = runs(records)
    for _ in range(2):  # whoever tries again would have planned it again
        with pytest.raises(BrokerError, match="the broker does not answer; is it up"):
            command(*words)
    assert runs(records) == before


@pytest.mark.usefixtures("broker", "pending")
def test_enqueue_says_that_messages_wait_already() -> None:
    first, second = command("enqueue"), command("enqueue")
    assert "Sent 3 of 3 pending images." in plain(first.stderr)
    assert "Sent 0 of 3 pending images: messages wait already (1), and workers take them first." in plain(
        second.stderr
    )
    assert waiting(CLASSIFY_QUEUE) == 1


@pytest.mark.usefixtures("broker")
def test_enqueue_says_that_workers_are_at_the_others(pending: Database) -> None:
    with pending.write() as session:
        session.execute(update(Image).where(Image.id <= 2).values(leased_until=utc_now() + LEASE))
    said = plain(command("enqueue").stderr)
    assert "Sent 1 of 3 pending images: workers are at the others, or were a moment ago." in said

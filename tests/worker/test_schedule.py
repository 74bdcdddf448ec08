from datetime import timedelta

import pytest
from sqlalchemy import select, update

from db.messages import CLASSIFY_QUEUE, TRAIN_QUEUE
from db.models import Image, RunStatus, TrainingRun, utc_now
from db.pictures import Reason
from db.repository.runs import begin_training_run, finish_crawl_run, finish_training_run, start_crawl_run
from db.session import Database
from tests.factories import CATEGORIES, model_version, product, save
from worker.planning import plan_training
from worker.queue import waiting
from worker.schedule import sweep

pytestmark = pytest.mark.usefixtures("broker")

ENOUGH = 3


@pytest.fixture(autouse=True)
def enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.schedule.TRAIN_AFTER", ENOUGH)


def save_listed(database: Database, *counts: int) -> None:
    """Save so many products of each category."""
    for number, (category, count) in enumerate(zip(CATEGORIES, counts, strict=True)):
        seeds = range(100 * number, 100 * number + count)
        save(database, *(product(f"B{seed:09}", seed, found_in=category.name) for seed in seeds))


def training_runs(database: Database) -> list[TrainingRun]:
    with database.read() as session:
        return list(session.scalars(select(TrainingRun).order_by(TrainingRun.id)))


def test_the_first_training_is_planned_and_sent_once_every_category_has_enough(database: Database) -> None:
    save_listed(database, ENOUGH, ENOUGH, ENOUGH - 1)
    sweep(database)
    assert training_runs(database) == []
    save_listed(database, ENOUGH, ENOUGH, ENOUGH)
    sweep(database)
    sweep(database)
    assert [run.status for run in training_runs(database)] == [RunStatus.PLANNED]
    assert waiting(TRAIN_QUEUE) == 1


def test_the_first_training_waits_for_the_end_of_the_crawl(database: Database) -> None:
    save_listed(database, ENOUGH, ENOUGH, ENOUGH)
    with database.write() as session:
        crawl = start_crawl_run(session, "amazon.in", {})
    sweep(database)
    assert training_runs(database) == []
    with database.write() as session:
        finish_crawl_run(session, crawl, "finished", {})
    sweep(database)
    assert len(training_runs(database)) == 1


def test_it_never_trains_by_itself_where_the_setting_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.schedule.TRAIN_AFTER", 0)
    save_listed(database, ENOUGH, ENOUGH, ENOUGH)
    sweep(database)
    assert training_runs(database) == []


def test_it_does_not_train_again_by_itself(database: Database) -> None:
    save_listed(database, ENOUGH, ENOUGH, ENOUGH)
    with database.write() as session:
        finish_training_run(session, plan_training(session), error="too few")
    sweep(database)
    assert len(training_runs(database)) == 1
    assert waiting(TRAIN_QUEUE) == 0


def test_a_run_is_sent_again_only_when_its_worker_has_died(database: Database) -> None:
    with database.write() as session:
        run = plan_training(session)
        assert begin_training_run(session, run)
    sweep(database)
    assert waiting(TRAIN_QUEUE) == 0
    with database.write() as session:
        stale = utc_now() - timedelta(seconds=31)
        session.execute(update(TrainingRun).values(heartbeat_at=stale))
    sweep(database)
    assert waiting(TRAIN_QUEUE) == 1


def test_pending_images_are_sent(database: Database) -> None:
    model_version(database)
    save(database, product("B000000001", 1))
    sweep(database)
    assert waiting(CLASSIFY_QUEUE) == 1


def test_an_image_whose_every_attempt_ended_with_a_dead_worker_is_set_aside(database: Database) -> None:
    model_version(database)
    poison, tried = save(database, product("B000000001", 1, 2))
    over = utc_now() - timedelta(seconds=1)
    with database.write() as session:
        session.execute(update(Image).where(Image.id == poison).values(attempts=3, leased_until=over))
        session.execute(update(Image).where(Image.id == tried).values(attempts=2, leased_until=over))
    sweep(database)
    with database.read() as session:
        reasons = [each.reason for each in session.scalars(select(Image).order_by(Image.id))]
    assert reasons == [Reason.WORKER_DIED, None]

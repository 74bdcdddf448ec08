import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from db.crawls import CrawlArguments, FinishReason
from db.messages import CLASSIFY_QUEUE, CRAWL_QUEUE, LEARN_QUEUE, RENDER_QUEUE, TRAIN_QUEUE
from db.models import CrawlRun, Image, RunKind, RunStatus, TrainingRun, utc_now
from db.pictures.codes import Reason
from db.repository.model_versions import activate
from db.repository.runs import (
    begin_run,
    finish_crawl_run,
    finish_training_run,
    plan_alone,
    start_crawl_run,
)
from db.repository.slices import plan_slices
from db.session import Database
from tests.factories import CATEGORIES, model_version, product, save
from tests.worker.embeddings import STRANGE, labels, review, taught
from tests.worker.messages import sent_runs
from worker.app import app
from worker.cnn.errors import EmptyCategoryError
from worker.fleet import presence
from worker.fleet.broker_contents import open_broker
from worker.fleet.queue import waiting
from worker.fleet.waiting import wait_until
from worker.learning.learning_run import run_learning
from worker.learning.relabel_loop import relabel_for
from worker.schedule import sweep
from worker.training.planning import plan_training

pytestmark = pytest.mark.usefixtures("broker")

ENOUGH = 3


@pytest.fixture(autouse=True)
def enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VASTRA_TRAIN_AFTER", str(ENOUGH))


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


def test_the_first_training_waits_for_slices_unless_nobody_is_there_to_crawl_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_listed(database, ENOUGH, ENOUGH, ENOUGH)
    with database.write() as session:
        plan_slices(session, [CrawlArguments(search="a")])
    monkeypatch.setattr(app.amqp.queues, "_consume_from", {CRAWL_QUEUE: None})
    presence._say("crawler@here", None)
    sweep(database)
    assert training_runs(database) == []
    with open_broker() as broker:
        broker.delete(f"{presence._PREFIX}crawler@here")
    sweep(database)
    assert len(training_runs(database)) == 1


def test_it_never_trains_by_itself_where_the_setting_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VASTRA_TRAIN_AFTER", "0")
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
        assert begin_run(session, TrainingRun, run)
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


def slices(database: Database) -> list[CrawlRun]:
    with database.read() as session:
        return list(session.scalars(select(CrawlRun).order_by(CrawlRun.id)))


def stop_the_heart(database: Database) -> None:
    with database.write() as session:
        session.execute(update(CrawlRun).values(heartbeat_at=utc_now() - timedelta(seconds=31)))


def test_two_schedules_plan_one_first_training(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    save_listed(database, ENOUGH, ENOUGH, ENOUGH)
    other = threading.Thread(target=sweep, args=(database,))
    with database.write() as session:
        plan_alone(session)
        other.start()
        assert wait_until(lambda: waits_for_a_lock(database), seconds=30)
        plan_training(session)
    other.join()
    assert len(training_runs(database)) == 1
    database.close()


def waits_for_a_lock(database: Database) -> bool:
    with database.engine.connect() as connection:
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return bool(connection.exec_driver_sql(waiting).scalar())


def test_a_slice_is_sent_until_somebody_is_at_it_and_again_when_its_crawler_has_died(
    database: Database,
) -> None:
    with database.write() as session:
        run, _ = plan_slices(session, [CrawlArguments(search="a"), CrawlArguments(search="b")])
    sweep(database)
    assert waiting(CRAWL_QUEUE) == 2
    sweep(database)
    assert waiting(CRAWL_QUEUE) == 2
    assert sent_runs(CRAWL_QUEUE) == [run, run + 1]
    with database.write() as session:
        assert begin_run(session, CrawlRun, run)
    sweep(database)
    assert sent_runs(CRAWL_QUEUE) == [run + 1]
    stop_the_heart(database)
    sweep(database)
    assert sent_runs(CRAWL_QUEUE) == [run, run + 1]


def test_slices_that_need_a_browser_are_sent_to_workers_that_have_one(database: Database) -> None:
    with database.write() as session:
        plain, rendered = plan_slices(
            session, [CrawlArguments(search="a"), CrawlArguments(search="a", render=True)]
        )
    sweep(database)
    assert (sent_runs(CRAWL_QUEUE), sent_runs(RENDER_QUEUE)) == ([plain], [rendered])


def test_a_killed_crawl_is_closed_with_its_reason(database: Database) -> None:
    with database.write() as session:
        start_crawl_run(session, "amazon.in", {})
    stop_the_heart(database)
    sweep(database)
    assert [(run.status, run.finish_reason) for run in slices(database)] == [
        (RunStatus.FINISHED, FinishReason.CRAWLER_DIED)
    ]


@pytest.mark.parametrize(("hours", "planned"), [(0.0, 1), (48.0, 1), (24.0, 2)])
def test_the_latest_crawl_is_repeated_where_the_setting_says_so(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, hours: float, planned: int
) -> None:
    database = Database(sqlite_url)
    monkeypatch.setenv("VASTRA_CRAWL_HOURS", str(hours))
    with database.write() as session:
        [run] = plan_slices(session, [CrawlArguments(search="a")])
        begin_run(session, CrawlRun, run)
        finish_crawl_run(session, run, "finished", {})
        session.execute(update(CrawlRun).values(created_at=utc_now() - timedelta(hours=25)))
    sweep(database)
    sweep(database)
    assert len(slices(database)) == planned
    database.close()


def learning_runs(database: Database) -> list[TrainingRun]:
    return [run for run in training_runs(database) if run.kind is RunKind.LEARNING]


def test_it_learns_by_itself_after_sixteen_verdicts_and_relabels(database: Database) -> None:
    taught(database)
    review(database, "strange", STRANGE[:15], "trousers")
    sweep(database)
    assert learning_runs(database) == []
    review(database, "strange", [STRANGE[15]], "trousers")
    sweep(database)
    sweep(database)
    [planned] = learning_runs(database)
    assert waiting(TRAIN_QUEUE) == 0
    assert sent_runs(LEARN_QUEUE) == [planned.id]
    assert run_learning(database, planned.id) is not None
    sweep(database)
    assert waiting(LEARN_QUEUE) == 1  # for whoever relabels
    assert relabel_for(database)
    assert labels(database, "strange", STRANGE[16:]) == {"trousers"}
    for _ in range(2):
        sweep(database)
    assert len(learning_runs(database)) == 1


def test_it_does_not_learn_while_something_is_trained(database: Database) -> None:
    taught(database)
    review(database, "strange", STRANGE[:16], "trousers")
    with database.write() as session:
        run = plan_training(session)
    sweep(database)
    assert learning_runs(database) == []
    with database.write() as session:
        finish_training_run(session, run, error="too little memory")
    sweep(database)
    assert len(learning_runs(database)) == 1


def test_what_was_learnt_in_vain_is_not_learnt_again_by_itself(database: Database) -> None:
    taught(database)
    review(database, "saree", range(20), "other")  # no saree is left
    sweep(database)
    [run] = learning_runs(database)
    with pytest.raises(EmptyCategoryError):
        run_learning(database, run.id)
    sweep(database)
    assert len(learning_runs(database)) == 1


def test_it_never_learns_by_itself_where_the_setting_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VASTRA_LEARN_AFTER", "0")
    taught(database)
    review(database, "strange", STRANGE, "trousers")
    sweep(database)
    assert learning_runs(database) == []


def test_what_is_to_be_relabelled_is_sent_for_until_nothing_is_left(database: Database) -> None:
    version = taught(database)
    sweep(database)
    assert waiting(LEARN_QUEUE) == 0
    with database.write() as session:
        activate(session, version)
    sweep(database)
    sweep(database)
    assert waiting(LEARN_QUEUE) == 1


def test_a_first_training_that_failed_is_tried_again_an_hour_later_and_not_at_once(
    database: Database,
) -> None:
    save_listed(database, ENOUGH, ENOUGH, ENOUGH)
    sweep(database)
    (run,) = training_runs(database)
    with database.write() as session:
        finish_training_run(session, run.id, error="no memory")
    sweep(database)
    assert len(training_runs(database)) == 1
    with database.write() as session:
        session.execute(update(TrainingRun).values(finished_at=utc_now() - timedelta(minutes=61)))
    sweep(database)
    assert len(training_runs(database)) == 2


def test_heartbeats_and_claims_of_a_clock_that_was_wrong_hold_nothing(database: Database) -> None:
    save(database, product("B1", 1))
    model_version(database)
    tomorrow = utc_now() + timedelta(days=1)
    with database.write() as session:
        run = start_crawl_run(session, "amazon.in", {})
        session.execute(update(CrawlRun).values(heartbeat_at=tomorrow))
        session.execute(update(Image).values(leased_until=tomorrow, attempts=1))
    sweep(database)
    assert waiting(CLASSIFY_QUEUE) == 1
    with database.read() as session:
        assert session.get_one(CrawlRun, run).finish_reason == FinishReason.CRAWLER_DIED

from datetime import timedelta

from sqlalchemy import update

from db.models import CrawlRun, RunStatus, TrainingRun, utc_now
from db.queries.labelled_images import has_training_run, is_crawling
from db.repository.runs import (
    MAX_ATTEMPTS,
    beat,
    begin_run,
    finish_crawl_run,
    finish_training_run,
    give_up_training_runs,
    plan_training_run,
    start_crawl_run,
    waiting_training_runs,
)
from db.session import Database


def planned(database: Database) -> int:
    with database.write() as session:
        return plan_training_run(session, "seed_cnn", {"epochs": 3}, seed=7)


def begin(database: Database, run_id: int) -> bool:
    with database.write() as session:
        return begin_run(session, TrainingRun, run_id)


def stop_the_heart(database: Database, run: type[CrawlRun] | type[TrainingRun]) -> None:
    with database.write() as session:
        session.execute(update(run).values(heartbeat_at=utc_now() - timedelta(seconds=31)))


def give_up(database: Database) -> list[int]:
    with database.write() as session:
        return give_up_training_runs(session)


def stale(database: Database) -> list[int]:
    with database.read() as session:
        return waiting_training_runs(session)


def test_a_redelivered_message_does_not_train_twice(database: Database) -> None:
    run_id = planned(database)
    assert begin(database, run_id)
    assert not begin(database, run_id)


def test_a_run_whose_worker_died_is_taken_on_again(database: Database) -> None:
    run_id = planned(database)
    begin(database, run_id)
    stop_the_heart(database, TrainingRun)
    assert stale(database) == [run_id]
    assert begin(database, run_id)
    assert stale(database) == []


def test_a_run_that_kills_its_worker_every_time_is_given_up_with_its_reason(database: Database) -> None:
    run_id = planned(database)
    for attempt in range(1, MAX_ATTEMPTS[TrainingRun] + 1):
        assert give_up(database) == [], attempt
        assert begin(database, run_id)
        stop_the_heart(database, TrainingRun)

    assert give_up(database) == [run_id]
    assert stale(database) == []
    with database.read() as session:
        run = session.get_one(TrainingRun, run_id)
    assert run.status is RunStatus.FINISHED
    assert run.error is not None
    assert "dead worker" in run.error


def test_a_run_at_work_is_not_given_up_however_often_it_was_begun(database: Database) -> None:
    run_id = planned(database)
    for _ in range(MAX_ATTEMPTS[TrainingRun]):
        stop_the_heart(database, TrainingRun)
        assert begin(database, run_id)

    assert give_up(database) == []


def test_a_finished_run_is_never_begun_again(database: Database) -> None:
    run_id = planned(database)
    begin(database, run_id)
    with database.write() as session:
        finish_training_run(session, run_id, error="too few pictures")
    assert not begin(database, run_id)
    assert stale(database) == []


def test_a_planned_run_whose_message_was_lost_is_stale(database: Database) -> None:
    with database.read() as session:
        assert not has_training_run(session)
    first, second = planned(database), planned(database)
    assert stale(database) == [first, second]
    with database.read() as session:
        assert has_training_run(session)


def test_a_heartbeat_carries_progress(database: Database) -> None:
    run_id = planned(database)
    begin(database, run_id)
    stop_the_heart(database, TrainingRun)
    with database.write() as session:
        beat(session, TrainingRun, run_id, progress={"epoch": 2})
    assert stale(database) == []
    with database.read() as session:
        assert session.get_one(TrainingRun, run_id).progress == {"epoch": 2}


def test_a_crawl_is_at_work_until_it_finishes_or_its_heart_stops(database: Database) -> None:
    with database.write() as session:
        first = start_crawl_run(session, "amazon.in", {"pages": 2})
    with database.write() as session:
        assert is_crawling(session)
        finish_crawl_run(session, first, "finished", {"products": 9})
    with database.write() as session:
        assert not is_crawling(session)
        assert session.get_one(CrawlRun, first).status is RunStatus.FINISHED
        start_crawl_run(session, "amazon.in", {})
    stop_the_heart(database, CrawlRun)
    with database.read() as session:
        assert not is_crawling(session)

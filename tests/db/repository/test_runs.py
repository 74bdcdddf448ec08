from datetime import timedelta

from sqlalchemy import update

from db.models import RunStatus, TrainingRun, utc_now
from db.queries.waiting_runs import waiting_training_runs
from db.repository.runs import beat, begin_run, finish_training_run, give_up_training_runs, plan_training_run
from db.session import Database
from db.states.run_states import MAX_RUN_ATTEMPTS


def planned(database: Database) -> int:
    with database.write() as session:
        return plan_training_run(session, "seed_cnn", {"epochs": 3}, seed=7)


def begin(database: Database, run_id: int) -> bool:
    with database.write() as session:
        return begin_run(session, TrainingRun, run_id)


def stop_the_heart(database: Database) -> None:
    with database.write() as session:
        session.execute(update(TrainingRun).values(heartbeat_at=utc_now() - timedelta(seconds=31)))


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
    stop_the_heart(database)
    assert stale(database) == [run_id]
    assert begin(database, run_id)
    assert stale(database) == []


def test_a_run_that_kills_its_worker_every_time_is_given_up_with_its_reason(database: Database) -> None:
    run_id = planned(database)
    for attempt in range(1, MAX_RUN_ATTEMPTS[TrainingRun] + 1):
        assert give_up(database) == [], attempt
        assert begin(database, run_id)
        stop_the_heart(database)

    assert give_up(database) == [run_id]
    assert stale(database) == []
    with database.read() as session:
        run = session.get_one(TrainingRun, run_id)
    assert run.status is RunStatus.FINISHED
    assert run.error is not None
    assert "dead worker" in run.error


def test_a_run_at_work_is_not_given_up_however_often_it_was_begun(database: Database) -> None:
    run_id = planned(database)
    for _ in range(MAX_RUN_ATTEMPTS[TrainingRun]):
        stop_the_heart(database)
        assert begin(database, run_id)

    assert give_up(database) == []


def test_a_finished_run_is_never_begun_again(database: Database) -> None:
    run_id = planned(database)
    begin(database, run_id)
    with database.write() as session:
        finish_training_run(session, run_id, error="too few pictures")
    assert not begin(database, run_id)
    assert stale(database) == []


def test_a_heartbeat_carries_progress(database: Database) -> None:
    run_id = planned(database)
    begin(database, run_id)
    stop_the_heart(database)
    with database.write() as session:
        beat(session, TrainingRun, run_id, progress={"epoch": 2})
    assert stale(database) == []
    with database.read() as session:
        assert session.get_one(TrainingRun, run_id).progress == {"epoch": 2}

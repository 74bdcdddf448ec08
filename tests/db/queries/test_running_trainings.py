from datetime import timedelta

from sqlalchemy import update

from db.models import TrainingRun, utc_now
from db.queries.running_trainings import running_trainings
from db.repository.runs import beat, begin_run, finish_training_run, plan_training_run
from db.session import Database


def begun(database: Database) -> int:
    with database.write() as session:
        run = plan_training_run(session, "seed_cnn", {}, seed=0)
        assert begin_run(session, TrainingRun, run)
    return run


def test_a_run_that_a_worker_is_at_tells_how_far_it_is(database: Database) -> None:
    run = begun(database)
    with database.read() as session:
        [told] = running_trainings(session)
    assert (told.id, told.kind, told.stage, told.done) == (run, "training", None, None)
    assert told.started_at is not None

    progress = {"stage": "train", "done": 40, "total": 400, "metrics": {"epoch": 2, "loss": 0.3}}
    with database.write() as session:
        beat(session, TrainingRun, run, progress=progress)
        [told] = running_trainings(session)
    assert (told.stage, told.done, told.total, told.epochs) == ("train", 40, 400, 2)


def test_what_is_planned_finished_or_silent_is_not_under_way(database: Database) -> None:
    finished, silent = begun(database), begun(database)
    with database.write() as session:
        plan_training_run(session, "seed_cnn", {}, seed=0)
        finish_training_run(session, finished)
        long_ago = utc_now() - timedelta(minutes=5)
        session.execute(update(TrainingRun).where(TrainingRun.id == silent).values(heartbeat_at=long_ago))
        assert running_trainings(session) == []

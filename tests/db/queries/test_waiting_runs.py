from datetime import timedelta

from sqlalchemy import update

from db.models import CrawlRun, RunStatus, utc_now
from db.queries.waiting_runs import is_crawling, waiting_training_runs
from db.repository.runs import finish_crawl_run, plan_training_run, start_crawl_run
from db.session import Database


def test_a_planned_run_whose_message_was_lost_waits(database: Database) -> None:
    with database.write() as session:
        planned = [plan_training_run(session, "seed_cnn", {}, seed=seed) for seed in (1, 2)]
    with database.read() as session:
        assert waiting_training_runs(session) == planned


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
        session.execute(update(CrawlRun).values(heartbeat_at=utc_now() - timedelta(seconds=31)))
    with database.read() as session:
        assert not is_crawling(session)

"""Leases, heartbeats and plans go by the clock that all machines on the same records have in common."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

import pytest
from sqlalchemy import select, update

from db.crawls import CrawlArguments
from db.database_clock import database_now, tell_time
from db.models import CrawlRun, Image, RunStatus, utc_now
from db.queries.waiting_runs import is_crawling, waiting_slices
from db.repository.predictions import claim_images
from db.repository.runs import beat, begin_run, start_crawl_run
from db.repository.slices import close_dead_crawl_runs, plan_slices, repeat_slices
from db.session import Database
from db.states.run_states import status_word
from tests.factories import model_version, product, save

SOME = timedelta(seconds=60)
"""More than any test lets pass, and less than a minute's difference between two clocks that are told apart."""


@pytest.fixture(
    params=[-timedelta(days=1), -timedelta(seconds=60), timedelta(seconds=60), timedelta(days=1)], ids=str
)
def wrong_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """Have the clock of this machine, as its programs read it, be wrong by so much; not that of the database."""
    wrong: timedelta = request.param

    class WrongClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + wrong

    monkeypatch.setattr("db.models.datetime", WrongClock)
    assert abs(utc_now() - datetime.now(UTC) - wrong) < SOME / 2
    return wrong


@pytest.mark.parametrize(
    "later", [timedelta(), SOME, -SOME, timedelta(milliseconds=-1500), timedelta(days=400)]
)
def test_the_database_tells_its_time_with_its_zone(database: Database, later: timedelta) -> None:
    with database.read() as session:
        told = session.scalars(select(database_now(later))).one()
        assert told.tzinfo is UTC or told.utcoffset() == timedelta()
        assert abs(told - later - datetime.now(UTC)) < SOME / 2
        assert session.scalar(select(database_now(-SOME) < database_now()))
        assert session.scalar(select(database_now(SOME) > database_now()))


def test_what_it_writes_it_reads_again(database: Database) -> None:
    with database.write() as session:
        run = start_crawl_run(session, "amazon.in", {})
        session.execute(update(CrawlRun).values(heartbeat_at=database_now(SOME)))
        told = session.get_one(CrawlRun, run).started_at
        began, beat_at = session.execute(select(CrawlRun.started_at, CrawlRun.heartbeat_at)).one()
    assert began is not None
    assert beat_at is not None
    assert told == began
    assert SOME <= beat_at - began < 2 * SOME


@pytest.mark.usefixtures("wrong_clock")
def test_a_crawler_whose_clock_is_wrong_is_alive_while_its_heart_beats(database: Database) -> None:
    with database.write() as session:
        run = start_crawl_run(session, "amazon.in", {})
    with database.write() as session:
        assert is_crawling(session)
        assert close_dead_crawl_runs(session) == []
        beat(session, CrawlRun, run)
        assert is_crawling(session)
        assert status_word(session.get_one(CrawlRun, run), tell_time(session)) == "running"


@pytest.mark.usefixtures("wrong_clock")
def test_a_worker_whose_clock_is_wrong_takes_no_slice_from_one_that_is_at_it(database: Database) -> None:
    with database.write() as session:
        [run] = plan_slices(session, [CrawlArguments(search="a")])
        session.execute(
            update(CrawlRun).values(status=RunStatus.RUNNING, attempts=1, heartbeat_at=datetime.now(UTC))
        )
    with database.write() as session:
        assert waiting_slices(session) == {}
        assert not begin_run(session, CrawlRun, run)
        session.execute(update(CrawlRun).values(heartbeat_at=datetime.now(UTC) - timedelta(seconds=31)))
        assert begin_run(session, CrawlRun, run)


@pytest.mark.usefixtures("wrong_clock")
def test_a_worker_whose_clock_is_wrong_claims_for_as_long_as_any_and_takes_nothing_from_others(
    database: Database,
) -> None:
    (image,) = save(database, product("B000000001", 1))
    version = model_version(database)
    with database.write() as session:
        assert claim_images(session, [image], version) == [image]
        until = session.scalars(select(Image.leased_until)).one()
        assert until is not None
        assert timedelta(0) < until - datetime.now(UTC) < timedelta(seconds=46)
    with database.write() as session:
        assert claim_images(session, [image], version) == []
        session.execute(update(Image).values(leased_until=datetime.now(UTC) - timedelta(seconds=1)))
        assert claim_images(session, [image], version) == [image]


@pytest.mark.usefixtures("wrong_clock")
def test_a_plan_of_a_machine_whose_clock_is_wrong_is_repeated_when_its_time_has_come(
    database: Database,
) -> None:
    with database.write() as session:
        [run] = plan_slices(session, [CrawlArguments(search="a")])
        assert repeat_slices(session, SOME) == []
        session.execute(
            update(CrawlRun).values(status=RunStatus.FINISHED, attempts=1, created_at=database_now(-SOME))
        )
        assert len(set(repeat_slices(session, SOME)) - {run}) == 1

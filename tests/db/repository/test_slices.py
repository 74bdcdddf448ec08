from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from db.crawls import CrawlArguments, FinishReason
from db.messages import CRAWL_QUEUE, RENDER_QUEUE
from db.models import CrawlRun, RunStatus, utc_now
from db.queries.waiting_runs import is_crawling, waiting_slices
from db.repository.runs import beat, begin_run, finish_crawl_run, start_crawl_run
from db.repository.slices import close_dead_crawl_runs, give_back_slice, plan_slices, repeat_slices
from db.session import Database
from db.states.run_states import MAX_RUN_ATTEMPTS

SAREES = CrawlArguments(categories=("saree",), max_price=500)
JEANS = CrawlArguments(categories=("jeans",), min_price=500)


def plan(database: Database, *slices: CrawlArguments) -> list[int]:
    with database.write() as session:
        return plan_slices(session, slices)


def begin(database: Database, run_id: int) -> bool:
    with database.write() as session:
        return begin_run(session, CrawlRun, run_id)


def give_back(database: Database, run_id: int, *, untried: bool) -> bool:
    with database.write() as session:
        return give_back_slice(session, run_id, untried=untried)


def finish(database: Database, run_id: int, reason: str = "finished") -> None:
    with database.write() as session:
        finish_crawl_run(session, run_id, reason, {})


def waiting(database: Database, queue: str = CRAWL_QUEUE) -> list[int]:
    with database.read() as session:
        return waiting_slices(session).get(queue, [])


def close_dead(database: Database) -> list[int]:
    with database.write() as session:
        return close_dead_crawl_runs(session)


def repeat(database: Database, hours: int) -> list[int]:
    with database.write() as session:
        return repeat_slices(session, timedelta(hours=hours))


def turn_back(database: Database, column: str, **ago: float) -> None:
    """Let all crawl runs' hearts, or plans, be older."""
    with database.write() as session:
        session.execute(update(CrawlRun).values({column: utc_now() - timedelta(**ago)}))


def put_off(database: Database, run_id: int, hours: float) -> None:
    """Let the plan of a crawl run be so much later."""
    with database.write() as session:
        run = session.get_one(CrawlRun, run_id)
        run.created_at = run.created_at + timedelta(hours=hours)


def rows(database: Database) -> dict[int, CrawlRun]:
    with database.read() as session:
        return {run.id: run for run in session.scalars(select(CrawlRun))}


def arguments(database: Database, run_id: int) -> CrawlArguments:
    return CrawlArguments.read(rows(database)[run_id].arguments)


def test_a_slice_is_begun_once_however_often_its_message_comes(database: Database) -> None:
    first, second = plan(database, SAREES, JEANS)
    assert waiting(database) == [first, second]
    assert begin(database, first)
    assert not begin(database, first)
    assert waiting(database) == [second]
    finish(database, first)
    assert not begin(database, first)
    assert arguments(database, first) == SAREES


def test_a_slice_whose_crawler_died_is_begun_again_and_then_given_up(database: Database) -> None:
    [run] = plan(database, SAREES)
    for _ in range(MAX_RUN_ATTEMPTS[CrawlRun]):
        assert close_dead(database) == []
        assert waiting(database) == [run]
        assert begin(database, run)
        turn_back(database, "heartbeat_at", seconds=31)
    assert waiting(database) == []
    assert not begin(database, run)
    assert close_dead(database) == [run]
    assert (rows(database)[run].status, rows(database)[run].finish_reason) == (
        RunStatus.FINISHED,
        FinishReason.CRAWLER_DIED,
    )


def test_a_slice_whose_heart_beats_is_left_alone(database: Database) -> None:
    [run] = plan(database, SAREES)
    begin(database, run)
    turn_back(database, "heartbeat_at", seconds=31)
    with database.write() as session:
        beat(session, CrawlRun, run, statistics={"products_new": 3})
    assert waiting(database) == close_dead(database) == []
    assert rows(database)[run].statistics == {"products_new": 3}


@pytest.mark.parametrize(("untried", "attempts"), [(True, 0), (False, 1)])
def test_a_slice_given_back_waits_again_at_once(database: Database, *, untried: bool, attempts: int) -> None:
    [run] = plan(database, SAREES)
    begin(database, run)
    assert give_back(database, run, untried=untried)
    assert waiting(database) == [run]
    assert rows(database)[run].attempts == attempts
    assert not give_back(database, run, untried=untried)


def test_a_finished_slice_cannot_be_given_back(database: Database) -> None:
    [run] = plan(database, SAREES)
    begin(database, run)
    finish(database, run, "blocked")
    assert not give_back(database, run, untried=False)
    assert rows(database)[run].finish_reason == "blocked"


def test_a_killed_crawl_of_ones_own_is_closed_and_not_begun_again(database: Database) -> None:
    with database.write() as session:
        run = start_crawl_run(session, "amazon.in", SAREES.record())
    assert close_dead(database) == []
    turn_back(database, "heartbeat_at", seconds=31)
    assert waiting(database) == []
    assert not begin(database, run)
    assert close_dead(database) == [run]
    assert rows(database)[run].finish_reason == FinishReason.CRAWLER_DIED


def test_what_still_waits_is_not_planned_twice(database: Database) -> None:
    first, second = plan(database, SAREES, JEANS)
    begin(database, first)
    assert plan(database, JEANS, SAREES, SAREES) == [second, first]
    finish(database, first)
    assert plan(database, SAREES)[0] not in {first, second}


def test_a_slice_that_an_earlier_version_planned_is_not_planned_twice(database: Database) -> None:
    """It has written down only what it was given."""
    with database.write() as session:
        session.add(CrawlRun(marketplace="amazon.in", arguments={"categories": ["saree"], "max_price": 500}))
    assert plan(database, SAREES) == [1]


def test_slices_wait_by_the_queue_of_the_workers_that_can_crawl_them(database: Database) -> None:
    plain, rendered, other = plan(database, SAREES, replace(SAREES, render=True), JEANS)
    assert (waiting(database), waiting(database, RENDER_QUEUE)) == ([plain, other], [rendered])


def test_the_latest_plan_is_repeated_when_its_time_has_come(database: Database) -> None:
    assert repeat(database, 0) == []
    old = plan(database, SAREES)
    turn_back(database, "created_at", hours=30)
    latest = plan(database, SAREES, JEANS)  # the first of them still waits, and belongs to this plan now
    assert latest[0] == old[0]
    for run in latest:
        begin(database, run)
        finish(database, run)
    assert repeat(database, 24) == []
    turn_back(database, "created_at", hours=25)
    again = repeat(database, 24)
    assert [arguments(database, run) for run in again] == [SAREES, JEANS]
    assert not set(again) & set(latest)
    assert repeat(database, 24) == []


def test_a_plan_of_the_future_silences_the_schedule_for_no_longer_than_one_of_now(database: Database) -> None:
    """It was made while a clock was two days ahead; the one before it was made then, too."""
    for slice_, hours in ((SAREES, 47), (JEANS, 48)):
        [run] = plan(database, slice_)
        begin(database, run)
        finish(database, run)
        put_off(database, run, hours)
    assert repeat(database, 24) == []
    for run in rows(database):
        put_off(database, run, -25)
    again = repeat(database, 24)
    assert [arguments(database, run) for run in again] == [JEANS]
    for run in again:
        begin(database, run)
        finish(database, run)
    assert repeat(database, 24) == []


def test_a_crawl_by_hand_is_never_repeated(database: Database) -> None:
    with database.write() as session:
        start_crawl_run(session, "amazon.in", SAREES.record())
    turn_back(database, "created_at", hours=25)
    assert repeat(database, 24) == []


def test_a_slice_is_a_crawl_at_work_while_somebody_is_at_it(database: Database) -> None:
    [run] = plan(database, SAREES)
    with database.read() as session:
        assert not is_crawling(session)
    begin(database, run)
    with database.read() as session:
        assert is_crawling(session)
    finish(database, run)
    with database.read() as session:
        assert not is_crawling(session)

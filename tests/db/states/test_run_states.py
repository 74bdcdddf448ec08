from datetime import timedelta

import pytest
from sqlalchemy import select

from db.models import CrawlRun, RunStatus, TrainingRun, utc_now
from db.session import Database
from db.states.run_states import MAX_RUN_ATTEMPTS, Run, is_alive, is_dead, is_waiting

STATES = {"alive": is_alive, "waiting": is_waiting, "dead": is_dead}
BEATS, STOPPED = timedelta(seconds=5), timedelta(seconds=31)


def states(database: Database, run: Run, status: RunStatus, attempts: int, silent: timedelta) -> list[str]:
    """The states that a run is in, whose heart beat last so long ago."""
    values = {"status": status, "attempts": attempts, "heartbeat_at": utc_now() - silent}
    with database.write() as session:
        if run is CrawlRun:
            session.add(CrawlRun(marketplace="amazon.in", arguments={}, **values))
        else:
            session.add(TrainingRun(network="seed_cnn", config={}, seed=0, **values))
        session.flush()
        return [name for name, rule in STATES.items() if session.scalar(select(run.id).where(rule(run)))]


@pytest.mark.parametrize("run", [CrawlRun, TrainingRun])
@pytest.mark.parametrize(
    ("status", "used_up", "silent", "state"),
    [
        (RunStatus.PLANNED, False, STOPPED, ["waiting"]),
        (RunStatus.PLANNED, True, STOPPED, ["dead"]),
        (RunStatus.RUNNING, False, BEATS, ["alive"]),
        (RunStatus.RUNNING, True, BEATS, ["alive"]),
        (RunStatus.RUNNING, False, STOPPED, ["waiting"]),
        (RunStatus.RUNNING, True, STOPPED, ["dead"]),
        (RunStatus.FINISHED, False, BEATS, []),
        (RunStatus.FINISHED, True, STOPPED, []),
    ],
)
def test_an_unfinished_run_is_alive_waiting_or_dead(
    database: Database, run: Run, status: RunStatus, *, used_up: bool, silent: timedelta, state: list[str]
) -> None:
    attempts = MAX_RUN_ATTEMPTS[run] if used_up else 1
    assert states(database, run, status, attempts, silent) == state


@pytest.mark.parametrize(("silent", "state"), [(BEATS, ["alive"]), (STOPPED, ["dead"])])
def test_a_crawl_begun_by_hand_is_never_taken_up_again(
    database: Database, silent: timedelta, state: list[str]
) -> None:
    assert states(database, CrawlRun, RunStatus.RUNNING, 0, silent) == state

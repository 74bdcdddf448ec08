"""Kill what can be killed at random moments: it costs time, never a label.

`make chaos KILLS=50` prints what each round did; `make test-stack` takes a few kills.
"""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import redis
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from db.models import ModelVersion, Prediction
from db.queries.pending import count_pending
from db.repository.model_versions import activate
from db.session import Database
from tests.factories import copy_version
from tests.stack.invariant import Findings, examine
from tests.stack.stack import Stack
from worker.waiting import wait_until

KILLS = int(os.environ.get("VASTRA_KILLS") or 5)
KILLS_A_ROUND = 5
CONVERGED_SECONDS = 240
LONGEST_PAUSE_SECONDS = 6


@dataclass(frozen=True)
class Round:
    """Some kills in the midst of classifying, and what was found when nothing was pending any more."""

    killed: list[str]
    done_before: int
    seconds: float
    findings: Findings

    def __str__(self) -> str:
        wrong = " ".join(f"{name} {count}" for name, count in vars(self.findings).items())
        return (
            f"{', '.join(self.killed)}: {self.done_before} images done before, {self.seconds:.0f} s, {wrong}"
        )


def kill_one_of(service: str) -> Callable[[Stack, random.Random], str]:
    def kill(stack: Stack, dice: random.Random) -> str:
        stack.kill(dice.choice(stack.containers(service)))
        return service

    return kill


def restart_postgresql(stack: Stack, _dice: random.Random) -> str:
    stack.compose("restart", "postgres")
    return "postgres restarted"


def empty_redis(stack: Stack, _dice: random.Random) -> str:
    with redis.Redis.from_url(stack.broker_url, socket_timeout=5) as client:
        wait_until(lambda: answers(client), 30, every=0.2)
        client.flushall()
    return "redis emptied"


ACCIDENTS = (
    *map(kill_one_of, ("classifier", "classifier", "redis", "trainer", "beat", "crawl-worker", "postgres")),
    restart_postgresql,
    empty_redis,
)


@pytest.mark.timeout(60 + KILLS * 120)
def test_kills_at_random_moments_lose_nothing_and_double_nothing(
    stack: Stack, records: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("VASTRA_SEED") or time.time())
    dice = random.Random(seed)
    copy_version(records)  # the other version, so that activating makes everything pending
    left = KILLS
    while left > 0:
        round_ = play_round(stack, records, dice, min(left, KILLS_A_ROUND))
        left -= len(round_.killed)
        with capsys.disabled():
            print(f"\nseed {seed}: {round_}", flush=True)  # noqa: T201 - the table of `make chaos`
        assert round_.findings.are_none, round_


def play_round(stack: Stack, records: Database, dice: random.Random, kills: int) -> Round:
    """Make every image pending by activating the other version, kill in the midst, wait until all is done."""
    stack.wait_for_records(records)
    version = activate_other(records)
    started = time.monotonic()
    assert wait_until(lambda: predicted_by(records, version) > 0, 90, every=0.02), stack.log()
    done_before = predicted_by(records, version)
    killed = [dice.choice(ACCIDENTS)(stack, dice)]
    for _ in range(kills - 1):
        time.sleep(dice.uniform(0, LONGEST_PAUSE_SECONDS))  # the moment is the experiment
        killed.append(dice.choice(ACCIDENTS)(stack, dice))
    stack.wait_for_records(records)
    done = wait_until(lambda: is_drained(stack, records), CONVERGED_SECONDS, every=1)
    assert done, f"{killed} {stack.log()}"
    return Round(killed, done_before, time.monotonic() - started, examine(records, stack.broker_url))


def activate_other(records: Database) -> int:
    """Activate the version that is not active, without the predictions of its earlier rounds."""
    with records.write() as session:
        version = session.scalars(select(ModelVersion.id).where(~ModelVersion.active)).first()
        assert version is not None
        session.query(Prediction).where(Prediction.model_version_id == version).delete()
        activate(session, version)
        assert count_pending(session) > 0
    return version


def is_drained(stack: Stack, records: Database) -> bool:
    try:
        return examine(records, stack.broker_url).are_none
    except (redis.RedisError, OperationalError):  # not back yet
        return False


def predicted_by(records: Database, version: int) -> int:
    with records.read() as session:
        theirs = select(func.count(Prediction.id)).where(Prediction.model_version_id == version)
        return session.scalar(theirs) or 0


def answers(client: "redis.Redis[bytes]") -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False

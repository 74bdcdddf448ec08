"""Kill what can be killed at random moments: it costs time, never a label.

`make chaos KILLS=50` prints what each round did; `make test-stack` takes a few kills.
"""

import os
import random
import time
from dataclasses import dataclass

import pytest
import redis
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from db.models import Prediction
from db.session import Database
from tests.factories import activate_another, copy_version
from tests.stack.accidents import ACCIDENTS
from tests.stack.invariant import Findings, examine
from tests.stack.stack import Stack
from worker.fleet.waiting import wait_until

KILLS = int(os.environ.get("VASTRA_KILLS") or 5)
KILLS_A_ROUND = 5
CONVERGED_SECONDS = 300
LONGEST_PAUSE_SECONDS = 6


@dataclass(frozen=True)
class Round:
    """Some kills in the midst of the work, and what was found when all of it was done."""

    killed: list[str]
    done_before: int
    seconds: float
    findings: Findings

    def __str__(self) -> str:
        wrong = " ".join(f"{name} {count}" for name, count in vars(self.findings).items())
        return (
            f"{'; '.join(self.killed)}: {self.done_before} images done before, {self.seconds:.0f} s, {wrong}"
        )


@pytest.mark.timeout(120 + KILLS * 120)
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
    """Make every image pending by activating another version, kill in the midst, wait until all is done."""
    stack.wait_for_records(records)
    version = activate_another(records)
    started = time.monotonic()
    assert wait_until(lambda: predicted_by(records, version) > 0, 90, every=0.02), stack.log()
    done_before = predicted_by(records, version)
    killed = []
    for accident in dice.choices(ACCIDENTS, k=kills):
        killed.append(accident(stack, records, dice))
        stack.pause(dice.uniform(0, LONGEST_PAUSE_SECONDS))
    stack.wait_for_records(records)
    done = wait_until(lambda: is_drained(stack, records), CONVERGED_SECONDS, every=1)
    findings = examine(records, stack.broker_url)
    assert done, f"{killed} {findings} {stack.log()}"
    return Round(killed, done_before, time.monotonic() - started, findings)


def is_drained(stack: Stack, records: Database) -> bool:
    try:
        return examine(records, stack.broker_url).are_none
    except (redis.RedisError, OperationalError):  # not back yet
        return False


def predicted_by(records: Database, version: int) -> int:
    with records.read() as session:
        theirs = select(func.count(Prediction.id)).where(Prediction.model_version_id == version)
        return session.scalar(theirs) or 0

"""What happens to a stack at random moments: each accident kills or empties something, and says what."""

import random
from collections.abc import Callable

import redis
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from db.categories import load_categories
from db.crawls import CrawlArguments
from db.models import CrawlRun, RunStatus, TrainingRun
from db.repository.slices import plan_slices
from db.session import Database
from tests.stack.stack import Stack
from worker.crawling.slicing import PriceBand, cut_crawl
from worker.fleet.waiting import wait_until
from worker.training.planning import plan_training

SHOP = "http://shop:8000"
BEGUN_SECONDS = 30
LONGEST_INTO_RUN_SECONDS = 4

Accident = Callable[[Stack, Database, random.Random], str]


def kill_one_of(service: str) -> Accident:
    def kill(stack: Stack, _records: Database, dice: random.Random) -> str:
        stack.kill(dice.choice(stack.containers(service)))
        return service

    return kill


def kill_training(stack: Stack, records: Database, dice: random.Random) -> str:
    """Have a head trained, and kill the trainer once it is at it."""
    stack.wait_for_records(records)
    with records.write() as session:
        run_id = plan_training(session)
    within = is_within(stack, records, TrainingRun, run_id, dice)
    stack.kill(stack.containers("trainer")[0])
    return f"trainer {'in' if within else 'outside'} a training"


def kill_crawl(stack: Stack, records: Database, dice: random.Random) -> str:
    """Have a category crawled, and kill the crawl worker that is at it, with its spider."""
    slices = cut_crawl(CrawlArguments(base_url=SHOP), [dice.choice(load_categories())], [PriceBand()])
    stack.wait_for_records(records)
    with records.write() as session:
        run_id = plan_slices(session, slices)[0]
    within = is_within(stack, records, CrawlRun, run_id, dice)
    workers = stack.containers("crawl-worker")
    crawling = [container for container in workers if "scrapy" in stack.processes(container)]
    stack.kill(dice.choice(crawling or workers))
    return f"crawl-worker {'in' if within and crawling else 'outside'} a crawl"


def restart_postgresql(stack: Stack, _records: Database, _dice: random.Random) -> str:
    stack.compose("restart", "postgres")
    return "postgres restarted"


def empty_redis(stack: Stack, _records: Database, _dice: random.Random) -> str:
    with redis.Redis.from_url(stack.broker_url, socket_timeout=5) as client:
        wait_until(lambda: answers(client), 30, every=0.2)
        client.flushall()
    return "redis emptied"


ACCIDENTS: tuple[Accident, ...] = (
    *map(kill_one_of, ("classifier", "classifier", "redis", "beat", "postgres")),
    kill_training,
    kill_crawl,
    restart_postgresql,
    empty_redis,
)


def is_within(
    stack: Stack,
    records: Database,
    kind: type[CrawlRun] | type[TrainingRun],
    run_id: int,
    dice: random.Random,
) -> bool:
    """Wait until somebody is at a run, and a little more; say whether it still goes on.

    It may not come to that while other parts are down.
    """
    wait_until(lambda: status_of(records, kind, run_id) != RunStatus.PLANNED, BEGUN_SECONDS, every=0.1)
    stack.pause(dice.uniform(0, LONGEST_INTO_RUN_SECONDS))
    return status_of(records, kind, run_id) == RunStatus.RUNNING


def status_of(records: Database, kind: type[CrawlRun] | type[TrainingRun], run_id: int) -> RunStatus:
    """Tell how far a run is; while PostgreSQL is not back, as if it were only planned."""
    try:
        with records.read() as session:
            return session.scalars(select(kind.status).where(kind.id == run_id)).one()
    except OperationalError:
        return RunStatus.PLANNED


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False

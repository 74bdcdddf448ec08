import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from web.live import Pulse

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run it in a thread of its own: a browser of another test may have left its loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asyncio.wait_for(work, 30)).result()


class Records:
    """Something to look at: each look is counted, and tells what is set."""

    def __init__(self) -> None:
        self.looks, self.seen = 0, {"crawls": "0", "training": "0"}

    def look(self) -> Mapping[str, str]:
        self.looks += 1
        return dict(self.seen)


def test_fifty_listeners_cost_one_look_and_all_are_told() -> None:
    records = Records()

    async def hear(pulse: Pulse) -> frozenset[str]:
        async for topics in pulse.listen():
            if topics:
                return topics
            records.seen["crawls"] = "1"
        raise AssertionError

    async def everybody() -> list[frozenset[str]]:
        pulse = Pulse(records.look, seconds=0.01)
        return await asyncio.gather(*(hear(pulse) for _ in range(50)))

    assert set(run(everybody())) == {frozenset({"crawls"})}
    assert records.looks < 10


def test_without_listeners_nobody_looks() -> None:
    records = Records()

    async def listen_once() -> None:
        pulse = Pulse(records.look, seconds=0.01)
        stream = pulse.listen()
        await anext(stream)
        await stream.aclose()
        looks = records.looks
        await asyncio.sleep(0.1)
        assert records.looks <= looks + 1

    run(listen_once())


def test_a_look_that_fails_is_followed_by_another() -> None:
    records = Records()

    def look() -> Mapping[str, str]:
        if records.looks == 1:
            records.looks += 1
            records.seen["training"] = "1"
            raise OSError("the database is away")
        return records.look()

    async def hear() -> frozenset[str]:
        async for topics in Pulse(look, seconds=0.01).listen():
            if topics:
                return topics
        raise AssertionError

    assert run(hear()) == {"training"}


def test_listeners_are_let_go_when_the_page_ends() -> None:
    async def listen_to_the_end() -> int:
        pulse, heard = Pulse(Records().look, seconds=0.01), 0
        async for _ in pulse.listen():
            heard += 1
            pulse.end()
        return heard

    assert run(listen_to_the_end()) >= 1

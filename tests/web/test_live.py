import asyncio
from collections.abc import Mapping

from web.live import Pulse


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

    assert set(asyncio.run(asyncio.wait_for(everybody(), 30))) == {frozenset({"crawls"})}
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

    asyncio.run(asyncio.wait_for(listen_once(), 30))


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

    assert asyncio.run(asyncio.wait_for(hear(), 30)) == {"training"}

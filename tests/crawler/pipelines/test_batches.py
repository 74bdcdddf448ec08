import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence

import pytest

from crawler.pipelines.batches import Batches


class Work:
    """Doubles numbers, and remembers how it was called."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.threads: set[int] = set()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        self.threads.add(threading.get_ident())
        if -1 in numbers:
            raise ValueError("no negative numbers")
        return [number * 2 for number in numbers]


def run(batches: Batches[int, int], use: Callable[[Batches[int, int]], Coroutine[None, None, None]]) -> None:
    asyncio.run(use(batches))
    batches.close()


def test_everyone_gets_the_result_of_their_own_item_off_the_event_loop() -> None:
    async def use(batches: Batches[int, int]) -> None:
        assert await asyncio.gather(*map(batches.add, range(7))) == [0, 2, 4, 6, 8, 10, 12]

    work = Work()
    run(Batches(work, size=3, wait_seconds=0.01), use)
    assert sorted(map(len, work.batches)) == [1, 3, 3]
    assert len(work.threads) == 1
    assert threading.get_ident() not in work.threads


def test_a_single_item_does_not_wait_for_company_for_ever() -> None:
    async def use(batches: Batches[int, int]) -> None:
        assert await batches.add(1) == 2

    run(Batches(Work(), wait_seconds=0.01), use)


def test_a_failure_reaches_everyone_of_its_batch_and_nobody_else() -> None:
    async def use(batches: Batches[int, int]) -> None:
        results = await asyncio.gather(*map(batches.add, [1, -1, 2, 3]), return_exceptions=True)
        assert [type(result) for result in results] == [ValueError, ValueError, int, int]

    run(Batches(Work(), size=2), use)


def test_one_who_gives_up_does_not_take_the_batch_along() -> None:
    async def use(batches: Batches[int, int]) -> None:
        quitter, other = asyncio.ensure_future(batches.add(1)), asyncio.ensure_future(batches.add(2))
        await asyncio.sleep(0)
        quitter.cancel()
        assert await other == 4
        with pytest.raises(asyncio.CancelledError):
            await quitter

    work = Work()
    run(Batches(work, wait_seconds=0.01), use)
    assert work.batches == [[1, 2]]

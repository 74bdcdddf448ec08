"""Work collected for a moment and done together on one thread, so that a commit serves many items."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batches(Generic[Item, Result]):
    """Hands items over in batches and each caller the result of its own item.

    Args:
        work: called on one thread, never twice at once, with the items of a batch; gives a result for each.
            What it raises reaches the caller of every item of the batch.
        size: items that close a batch.
        wait_seconds: after the first item of a batch, the time that closes it.
    """

    def __init__(
        self, work: Callable[[Sequence[Item]], Sequence[Result]], size: int = 50, wait_seconds: float = 0.2
    ) -> None:
        self._work = work
        self._size = size
        self._wait_seconds = wait_seconds
        self._open: _Batch[Item, Result] | None = None
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches")

    async def add(self, item: Item) -> Result:
        """Put the item into the open batch, wait until that is done, and give the item's result."""
        batch = self._open
        if batch is None:
            batch = self._open = _Batch()
            batch.done = asyncio.get_running_loop().create_task(self._run(batch))
        place = len(batch.items)
        batch.items.append(item)
        if len(batch.items) >= self._size:
            self._close(batch)
        # One caller that gives up must not take the batch with it.
        results = await asyncio.shield(batch.done)
        return results[place]

    def close(self) -> None:
        """Wait for the batch at work and give the thread back; nothing can be added any more."""
        self.thread.shutdown()

    async def _run(self, batch: "_Batch[Item, Result]") -> Sequence[Result]:
        try:
            await asyncio.wait_for(batch.full.wait(), self._wait_seconds)
        except TimeoutError:
            self._close(batch)
        return await asyncio.get_running_loop().run_in_executor(self.thread, self._work, batch.items)

    def _close(self, batch: "_Batch[Item, Result]") -> None:
        batch.full.set()
        if self._open is batch:
            self._open = None


class _Batch(Generic[Item, Result]):
    """Items that are done together."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.full = asyncio.Event()
        self.done: asyncio.Task[Sequence[Result]]

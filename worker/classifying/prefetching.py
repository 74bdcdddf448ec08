"""Make the next item while the caller still works with the last one."""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Item = TypeVar("Item")

_END: Final = object()


def one_ahead(items: Iterable[Item]) -> Generator[Item, None, None]:
    """Give the items in order, while a thread already makes the next one.

    An error of the items comes where its item would. Close the iterator (`contextlib.closing`) where it may be
    left early: that waits for the item in the making, so that nothing goes on behind the caller's back.
    """
    source = iter(items)
    with ThreadPoolExecutor(1, "prefetching") as thread:
        following = thread.submit(next, source, _END)
        while (item := following.result()) is not _END:
            following = thread.submit(next, source, _END)
            yield item  # type: ignore[misc]  # mypy does not know that only _END is no Item

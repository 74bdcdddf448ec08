"""Long lists of rows, taken a part at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_chunks(items: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """Cut items into lists that fit the bound parameters of one statement."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk

from collections.abc import Iterator
from contextlib import closing
from threading import Event

import pytest

from worker.classifying.prefetching import one_ahead


def test_items_come_in_order() -> None:
    assert list(one_ahead(range(5))) == [0, 1, 2, 3, 4]
    assert list(one_ahead([])) == []
    assert list(one_ahead([None, None])) == [None, None]


def test_the_next_item_is_made_while_the_last_is_in_use() -> None:
    made = [Event(), Event(), Event()]

    def items() -> Iterator[int]:
        for number, event in enumerate(made):
            event.set()
            yield number

    with closing(one_ahead(items())) as numbers:
        assert next(numbers) == 0
        assert made[1].wait(timeout=60)
        assert not made[2].is_set()


def test_an_error_comes_where_its_item_would() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyboardInterrupt

    numbers = one_ahead(items())
    assert next(numbers) == 1
    with pytest.raises(KeyboardInterrupt):
        next(numbers)


def test_closing_waits_for_the_item_in_the_making() -> None:
    finished = []

    def items() -> Iterator[int]:
        for number in range(3):
            finished.append(number)
            yield number

    with closing(one_ahead(items())) as numbers:
        next(numbers)
    assert finished == [0, 1]

from collections import Counter

import pytest

from benchmarks.embedded_photos import CATALOGUE, fold_of
from benchmarks.verdicts import ORDERS, by_auto, by_margin
from db.queries.review_order import Candidate


def candidates(source: str, count: int, first: int = 0) -> list[Candidate]:
    """Of a source, the first the least sure."""
    return [
        Candidate(number, source, str(number), None, None, None, 0.9, number / 100, None)
        for number in range(first, first + count)
    ]


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_chooses_so_many_and_none_twice(name: str) -> None:
    chosen = ORDERS[name](candidates("shop", 30), Counter(), 8, 0)
    assert len(set(chosen)) == len(chosen) == 8
    assert len(ORDERS[name](candidates("shop", 5), Counter(), 8, 0)) == 5


def test_the_unsure_come_first_by_margin() -> None:
    assert by_margin(candidates("shop", 30), Counter(), 4, 0) == [0, 1, 2, 3]


def test_new_sources_take_turns_until_each_has_its_verdicts() -> None:
    both = candidates("a", 20) + candidates("b", 20, first=20)
    assert [number < 20 for number in by_auto(both, Counter(), 6, 0)] == [True, False] * 3
    assert all(number >= 20 for number in by_auto(both, Counter({"a": 16}), 3, 0))


def test_sources_that_show_the_same_products_are_one_fold() -> None:
    assert fold_of("myntra60") == fold_of("myntra224") == CATALOGUE
    assert fold_of("shops-a") == fold_of("shops-b") != fold_of("cc0")

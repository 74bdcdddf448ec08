from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.queries.review_order import Candidate, NewSource, Offers, Why, by_power_margin, choose


def candidate(
    number: int, margin: float = 0.5, marketplace: str = "shop", alike: int | None = None
) -> Candidate:
    """A product whose picture looks like no other's, unless `alike` says whose."""
    bits = (number if alike is None else alike) * 0x9E3779B97F4A7C15 % 2**64
    return Candidate(
        number, marketplace, f"B{number}", None, "saree", "jeans", 0.9, margin,
        image_sha256="0" * 64, perceptual_hash=f"{bits:016x}", colour_signature="8" * 48,
    )  # fmt: skip


def new_source(numbers: range, marketplace: str = "new", verdicts: int = 0) -> NewSource:
    return NewSource([candidate(number, marketplace=marketplace) for number in numbers], verdicts)


def chosen_of(source: NewSource) -> list[Candidate]:
    return [each for each, _ in choose(Offers(new_sources=[source]), 99)]


def whys(offers: Offers, limit: int) -> list[Why]:
    return [why for _, why in choose(offers, limit)]


def test_a_new_source_comes_first_then_what_contradicts_the_shop_then_what_is_unsure() -> None:
    offers = Offers(
        new_sources=[new_source(range(3))],
        contradicted=[candidate(10), candidate(11)],
        unsure=[candidate(20), candidate(21)],
    )
    chosen = choose(offers, 10)
    assert [why for _, why in chosen] == [Why.NEW_SOURCE] * 3 + [Why.CONTRADICTED] * 2 + [Why.UNSURE] * 2
    assert [each.id for each, _ in chosen[3:]] == [10, 11, 20, 21]


def test_several_new_sources_take_turns() -> None:
    offers = Offers(new_sources=[new_source(range(3), "one"), new_source(range(10, 12), "two")])
    assert [each.marketplace for each, _ in choose(offers, 10)] == ["one", "two", "one", "two", "one"]


@pytest.mark.parametrize(("verdicts", "left"), [(0, 16), (10, 6), (16, 0), (99, 0)])
def test_a_source_is_new_for_sixteen_verdicts(verdicts: int, left: int) -> None:
    assert len(chosen_of(new_source(range(40), verdicts=verdicts))) == left


def test_of_near_alikes_a_new_source_asks_one() -> None:
    alike = [candidate(number, alike=7) for number in range(20)]
    chosen = chosen_of(NewSource([*alike, candidate(50), candidate(60)], 0))
    assert Counter(each.id >= 50 for each in chosen) == {False: 1, True: 2}


def test_small_margins_are_drawn_more_often_and_not_alone() -> None:
    margins = {number: 0.02 if number % 2 else 0.9 for number in range(200)}
    drawn = [by_power_margin(margins.items(), verdicts)[:9] for verdicts in range(16)]
    tight = sum(margins[number] < 0.5 for each in drawn for number in each)
    assert 0.75 < tight / (9 * 16) < 1


def test_the_order_changes_with_a_verdict_and_not_before() -> None:
    margins = [(number, 0.5) for number in range(100)]
    assert by_power_margin(margins, 0) == by_power_margin(margins, 0)
    assert by_power_margin(margins, 0)[:5] != by_power_margin(margins, 1)[:5]


def test_an_order_that_is_not_come_to_is_not_read() -> None:
    def unread() -> Iterator[Any]:
        raise AssertionError("it was read")
        yield

    offers = Offers(
        new_sources=[new_source(range(3)), NewSource(unread(), 16)],
        contradicted=(candidate(10 + n) for n in range(3)),
        unsure=unread(),
        random=unread(),
    )
    assert len(choose(offers, 6)) == 6


@pytest.mark.parametrize(("given", "places"), [(0, [19]), (5, [14, 34]), (19, [0, 20])])
def test_every_twentieth_verdict_is_of_a_random_product(given: int, places: list[int]) -> None:
    offers = Offers(
        unsure=[candidate(n) for n in range(100)],
        random=[candidate(n) for n in range(200, 210)],
        verdicts=given,
    )
    found = [place for place, why in enumerate(whys(offers, 38 if given == 5 else 30)) if why is Why.RANDOM]
    assert found == places


@given(
    contradicted=st.lists(st.integers(0, 30), unique=True),
    unsure=st.lists(st.integers(0, 30), unique=True),
    random=st.lists(st.integers(0, 30), unique=True),
    limit=st.integers(0, 40),
)
def test_no_product_is_asked_twice_and_as_many_as_there_are(
    contradicted: list[int], unsure: list[int], random: list[int], limit: int
) -> None:
    rows = {number: candidate(number) for number in range(31)}
    offers = Offers(
        contradicted=[rows[n] for n in contradicted],
        unsure=[rows[n] for n in unsure],
        random=[rows[n] for n in random],
    )
    chosen = [each.id for each, _ in choose(offers, limit)]
    assert len(chosen) == len(set(chosen)) == min(limit, len({*contradicted, *unsure, *random}))

from hypothesis import given
from hypothesis import strategies as st

from demo.shop.wording import group_digits, rupees, wording_of


@given(st.integers(min_value=0, max_value=10**12))
def test_grouping_loses_no_digit(number: int) -> None:
    assert int(group_digits(number).replace(",", "")) == number


def test_numbers_are_grouped_as_india_groups_them() -> None:
    assert [group_digits(number) for number in (0, 999, 1000, 102890, 12345678)] == [
        "0",
        "999",
        "1,000",
        "1,02,890",
        "1,23,45,678",
    ]
    assert rupees(1239) == "₹1,239"


def test_an_unknown_category_is_worded_with_its_title() -> None:
    assert all("Bandhgala jackets" in title for title in wording_of("bandhgala", "Bandhgala jackets").titles)

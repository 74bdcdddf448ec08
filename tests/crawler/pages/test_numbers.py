from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pages.marketplaces import Marketplace, find_marketplace
from crawler.pages.numbers import Count, Money, best_count, parse_count, parse_money, parse_rating

INDIA = find_marketplace("amazon.in")
GERMANY = find_marketplace("amazon.de")
AMERICA = find_marketplace("amazon.com")
CANADA = find_marketplace("amazon.ca")


@pytest.mark.parametrize(
    ("text", "marketplace", "amount", "currency"),
    [
        ("₹1,02,890", INDIA, "102890", "INR"),
        ("₹2,10,99,000.50", INDIA, "21099000.50", "INR"),
        ("M.R.P.: ₹1,899.00", INDIA, "1899.00", "INR"),
        ("₹1,239.00 with 35 percent savings", INDIA, "1239.00", "INR"),
        ("8,00€", GERMANY, "8.00", "EUR"),
        ("1.234,56 €", GERMANY, "1234.56", "EUR"),
        ("1\u202f234,56\xa0€", GERMANY, "1234.56", "EUR"),
        ("EUR 219,00", AMERICA, "219.00", "EUR"),
        ("$12.99 - $25.99", AMERICA, "12.99", "USD"),
        ("$12.99", CANADA, "12.99", "CAD"),
        ("US$12.99", CANADA, "12.99", "USD"),
        ("NT$3,210", AMERICA, "3210", "TWD"),
        ("AED 1,234.50", AMERICA, "1234.50", "AED"),
        ("1,299", INDIA, "1299", "INR"),
        ("₱1,234.00", AMERICA, "1234.00", None),
        ("₫250.000", AMERICA, "250000", None),
        ("\u0661\u066c\u0662\u0663\u0664\u066b\u0665\u0660", AMERICA, "1234.50", "USD"),
        ("₹१,२९९", INDIA, "1299", "INR"),
    ],
)
def test_prices_are_read_in_every_notation(
    text: str, marketplace: Marketplace, amount: str, currency: str | None
) -> None:
    assert parse_money(text, marketplace) == Money(Decimal(amount), currency)


@pytest.mark.parametrize("text", [None, "", "free", "Price, product page", "₹", "-", "9" * 40])
def test_what_is_no_price_gives_none(text: str | None) -> None:
    assert parse_money(text, INDIA) is None


@given(st.integers(0, 10**9), st.integers(0, 99))
def test_rupees_are_read_back_from_indian_grouping(rupees: int, paise: int) -> None:
    thousands, rest = divmod(rupees, 1000)
    groups = [f"{rest:03}"] if thousands else [str(rest)]
    while thousands:
        thousands, group = divmod(thousands, 100)
        groups.insert(0, f"{group:02}" if thousands else str(group))
    money = parse_money(f"₹{','.join(groups)}.{paise:02}", INDIA)
    assert money == Money(Decimal(f"{rupees}.{paise:02}"), "INR")


@given(st.decimals(0, 10**6, places=2))
def test_german_prices_are_read_back(price: Decimal) -> None:
    text = f"{price:,}".translate({ord(","): ".", ord("."): ","})
    assert parse_money(f"{text} €", GERMANY) == Money(price, "EUR")


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("4.3 out of 5 stars", 4.3),
        ("5.0 out of 5 stars", 5.0),
        ("5 von 5 Sternen", 5.0),
        ("4,1 de 5 estrellas", 4.1),
        ("5つ星のうち4.3", 4.3),
        ("4.3 顆星，最高 5 顆星", 4.3),  # noqa: RUF001
        ("Amazon Prime", None),
        ("12 stars", None),
        (None, None),
    ],
)
def test_ratings_are_read_in_every_language(text: str | None, rating: float | None) -> None:
    assert parse_rating(text) == rating


@pytest.mark.parametrize(
    ("text", "value", "exact"),
    [
        ("20,372 ratings", 20372, True),
        ("1,02,890 ratings", 102890, True),
        ("5.182 valoraciones", 5182, True),
        ("1\xa0234 évaluations", 1234, True),
        ("1 Sternebewertung", 1, True),
        ("19 Meinungen", 19, True),
        ("(745)", 745, True),
        ("(3.5K)", 3500, False),
        ("1,2 Mio.", 1200000, False),
        ("3.1万", 31000, False),
        ("1000+", 1000, False),
    ],
)
def test_review_counts_say_whether_they_are_exact(text: str, value: int, exact: bool) -> None:
    assert parse_count(" ".join(text.split())) == Count(value, exact)


@pytest.mark.parametrize("text", [None, "", "ratings", "9" * 30])
def test_what_is_no_count_gives_none(text: str | None) -> None:
    assert parse_count(text) is None


def test_the_first_exact_count_wins_wherever_it_stands() -> None:
    assert best_count(["no", "(3.5K)", "3,512 ratings", "9"]) == Count(3512, exact=True)
    assert best_count(["(3.5K)"]) == Count(3500, exact=False)
    assert best_count([]) is None


@given(st.integers(0, 10**9))
def test_grouped_counts_are_read_back(number: int) -> None:
    assert parse_count(f"({number:,})") == Count(number, exact=True)


@given(st.text())
def test_no_text_breaks_a_number(text: str) -> None:
    parse_money(text, INDIA)
    parse_rating(text)
    parse_count(text)


@given(st.text("0123456789.,\u066b\u066c '₹€$-+kKmML%²½万", max_size=40))
def test_nothing_like_a_number_breaks_a_number(text: str) -> None:
    parse_money(text, GERMANY)
    parse_rating(text)
    parse_count(text)

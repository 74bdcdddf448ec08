from collections.abc import Callable

import pytest
from alembic import command
from sqlalchemy import text

from db.migration import _config, upgrade
from db.queries import approaches
from db.queries.product_grid import COUNTED_UP_TO, Counted, GridOrder, count_products, grid_page
from db.queries.products import ProductFilter, product_page
from db.repository.found_products import save_products
from db.session import Database
from db.title_words import MOST_WORDS, words_in
from tests.factories import STORE, product

TITLES = {
    "SILK": "Women's Kanjivaram Soft-Silk Saree, cotton/linen blend 501 (4XL)",
    "JEANS": "Men\u2019s slim-fit JEANS \u2013 blue",
    "HINDI": "साड़ी लाल रेशम की क्\u200dषेत्र",
    "ARABIC": "قميص نسائي، من القطن",
    "NONE": None,
}


@pytest.fixture
def titled(database: Database) -> Database:
    with database.write() as session:
        save_products(session, [product(asin, title=title) for asin, title in TITLES.items()], STORE)
    return database


def found(database: Database, words: str) -> set[str]:
    with database.read() as session:
        return {row.asin for row in product_page(session, ProductFilter(words=words))}


@pytest.fixture(params=["few", "many"])
def find(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Database, str], set[str]]:
    """Finds products by words, as it is done where few titles have them, and where many have."""
    if request.param == "many":
        monkeypatch.setattr(approaches, "COMMON_TITLES", 0)
    return found


@pytest.mark.parametrize(
    ("words", "asins"),
    [
        ("saree silk", {"SILK"}),
        ("SAREE", {"SILK"}),
        ("women", {"SILK"}),
        ("linen", {"SILK"}),
        ("501", {"SILK"}),
        ("4xl", {"SILK"}),
        ("soft-silk", {"SILK"}),
        ("slim fit blue", {"JEANS"}),
        ("men", {"JEANS"}),
        ("saree jeans", set()),
        ("sar", set()),
        ("साड़ी", {"HINDI"}),
        ("रेशम साड़ी", {"HINDI"}),
        ("साड", set()),
        ("नسाड़ी", set()),
        ("القطن", {"ARABIC"}),
    ],
)
def test_titles_are_found_by_all_of_some_words(
    titled: Database, find: Callable[[Database, str], set[str]], words: str, asins: set[str]
) -> None:
    assert find(titled, words) == asins


@pytest.mark.parametrize(
    "words",
    ["", "   ", "!!!", '"', "''", "\0", "a\0b", "* OR NOT", "title:x", "NEAR(a b)", "a:*", "!a", "(a", "^a",
     "a <-> b", "\ud800", "%", "_", "\\", "x" * 10_000, "word " * 1000, "\u202e", "😀"],
)  # fmt: skip
def test_whatever_is_asked_is_no_error(
    titled: Database, find: Callable[[Database, str], set[str]], words: str
) -> None:
    assert find(titled, words) == set()


def test_words_follow_the_titles(titled: Database) -> None:
    with titled.write() as session:
        save_products(session, [product("SILK", title="A cotton shirt")], STORE)
        session.execute(text("DELETE FROM products WHERE asin = 'JEANS'"))
        session.execute(text("UPDATE products SET title = 'A saree' WHERE asin = 'NONE'"))
        session.execute(text("UPDATE products SET title = NULL WHERE asin = 'HINDI'"))
    assert found(titled, "silk") == found(titled, "jeans") == found(titled, "रेशम") == set()
    assert (found(titled, "cotton"), found(titled, "saree")) == ({"SILK"}, {"NONE"})


def test_a_title_of_two_million_characters_is_saved(database: Database) -> None:
    with database.write() as session:
        save_products(session, [product("LONG", title="silk " + "x" * 2_000_000)], STORE)
    assert found(database, "silk") == {"LONG"}


def test_words_go_with_other_filters_and_orders(titled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ProductFilter(words="silk", marketplace="amazon.in")
    for common in (10_000, 0):
        monkeypatch.setattr(approaches, "COMMON_TITLES", common)
        with titled.read() as session:
            assert [row.asin for row in grid_page(session, wanted).rows] == ["SILK"]
            assert grid_page(session, wanted, GridOrder.SURE).rows == ()
            assert count_products(session, wanted) == Counted(1, more=False)
            assert count_products(session, ProductFilter(words="silk", brand="none")).number == 0


def test_of_common_words_it_is_said_that_there_are_more(
    titled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approaches, "COMMON_TITLES", 0)
    with titled.read() as session:
        assert count_products(session, ProductFilter(words="silk")) == Counted(COUNTED_UP_TO, more=True)


def test_upgrading_reads_the_titles_that_are_there(titled: Database) -> None:
    with titled.engine.execution_options(vastra_writing=True).begin() as connection:
        command.downgrade(_config(connection), "0005")
    upgrade(titled.engine)
    assert found(titled, "silk saree") == {"SILK"}


def test_a_word_is_cut_and_so_are_many() -> None:
    assert words_in("a-b  c'd\0") == ["a", "b", "c", "d"]
    assert len(words_in("a " * 100)) == MOST_WORDS
    assert words_in("x" * 200) == ["x" * 100]

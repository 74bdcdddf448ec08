from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.arguments import HELP, Origin, origin_of, parse_arguments
from crawler.errors import ArgumentsError
from db.categories import Category
from db.crawls import CrawlArguments
from db.pictures.codes import Reason

KNOWN = (
    Category("saree", "Sarees", ("saree for women",)),
    Category("jeans", "Jeans", ("jeans for men", "denim")),
)
TEXTS = st.text(max_size=30) | st.sampled_from(
    ["saree", "true", "7", "http://127.0.0.1:8000", "corrupt", "[::1"]
)


def test_every_argument_is_explained() -> None:
    assert list(HELP) == [one.name for one in fields(CrawlArguments)]


def test_without_arguments_every_category_of_the_indian_shop_is_crawled() -> None:
    arguments = parse_arguments({}, KNOWN)
    assert arguments.categories == ("saree", "jeans")
    assert arguments.address == "https://www.amazon.in"
    assert arguments.is_live
    assert (arguments.pages, arguments.max_products, arguments.details) == (7, None, False)


def test_all_arguments_are_read() -> None:
    arguments = parse_arguments(
        {
            "categories": "jeans, saree",
            "max_products": "10",
            "pages": "2",
            "details": "true",
            "marketplace": "amazon.com",
            "base_url": "http://[::1]:8000/shop/",
            "min_price": "100",
            "max_price": "200",
            "retry": " ",
        },
        KNOWN,
    )
    assert arguments.categories == ("jeans", "saree")
    assert (arguments.max_products, arguments.pages, arguments.details) == (10, 2, True)
    assert (arguments.min_price, arguments.max_price) == (100, 200)
    assert arguments.address == "http://[::1]:8000/shop"
    assert origin_of(arguments.address) == Origin("::1", 8000)
    assert not arguments.is_live
    assert arguments.record()["categories"] == ["jeans", "saree"]


@pytest.mark.parametrize(
    ("given_arguments", "allowed"),
    [
        ({"colour": "red"}, "max_products"),
        ({"categories": "saree,kurta"}, "saree, jeans"),
        ({"categories": ","}, "saree, jeans"),
        ({"max_products": "0"}, "from 1 to"),
        ({"pages": "two"}, "from 1 to"),
        ({"details": "perhaps"}, "true or false"),
        ({"marketplace": "amazon.example"}, "amazon.in"),
        ({"base_url": "ftp://127.0.0.1"}, "http://"),
        ({"base_url": "http://user:word@127.0.0.1"}, "http://"),
        ({"base_url": "http://127.0.0.1:99999"}, "no address"),
        ({"base_url": "https://www.amazon.in"}, "leave it out"),
        ({"min_price": "1.5"}, "whole amount"),
        ({"min_price": "9", "max_price": "3"}, "not be above"),
        ({"search": "kurta"}, "exactly one category"),
        ({"retry": "tired"}, "corrupt"),
        ({"retry": "corrupt", "pages": "2"}, "marketplace and base_url only"),
        ({"render": "yes"}, "true or false"),
    ],
)
def test_a_wrong_argument_is_refused_with_what_is_allowed_and_what_was_given(
    given_arguments: dict[str, str], allowed: str
) -> None:
    with pytest.raises(ArgumentsError, match="got") as caught:
        parse_arguments(given_arguments, KNOWN)
    assert allowed in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_slice_is_one_search_of_one_category() -> None:
    arguments = parse_arguments({"categories": "saree", "search": "silk saree", "max_price": "900"}, KNOWN)
    assert (arguments.search, arguments.max_price) == ("silk saree", 900)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_can_be_retried(reason: Reason) -> None:
    assert parse_arguments({"retry": reason}, KNOWN).retry is reason


@given(st.dictionaries(st.sampled_from([*HELP, "other"]), TEXTS))
def test_whatever_is_given_is_read_or_refused(given_arguments: dict[str, str]) -> None:
    try:
        arguments = parse_arguments(given_arguments, KNOWN)
    except ArgumentsError:
        return
    assert arguments.address.startswith("http")
    assert arguments.pages > 0

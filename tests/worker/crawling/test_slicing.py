"""Slices: what a crawl is cut into, and the words that say so."""

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from crawler.arguments import parse_arguments
from db.categories import load_categories
from db.crawls import SPIDER, CrawlArguments, spider_command
from worker.commands.crawl_options import chosen_bands, chosen_categories
from worker.crawling.slicing import PriceBand, cut_crawl, price_bands

WHOLE = CrawlArguments(marketplace="amazon.de", base_url="http://127.0.0.1:8000", pages=3, details=True)


@given(st.lists(st.integers(1, 100_000), unique=True, max_size=6).map(sorted), st.integers(0, 200_000))
def test_every_price_lies_in_a_band(cuts: list[int], price: int) -> None:
    bands = price_bands(cuts)
    assert len(bands) == len(cuts) + 1
    assert any((band.low or 0) <= price and (band.high is None or price <= band.high) for band in bands)


def test_a_slice_is_a_category_a_term_and_a_band() -> None:
    categories = load_categories()
    slices = cut_crawl(WHOLE, categories, price_bands([500, 1000]))
    assert len(slices) == 3 * sum(len(category.search) for category in categories)
    assert slices[0].categories == (categories[0].name,)
    assert slices[0].search == categories[0].search[0]
    assert [(s.min_price, s.max_price) for s in slices[:3]] == [(None, 500), (500, 1000), (1000, None)]
    assert {(s.marketplace, s.base_url, s.pages, s.details) for s in slices} == {
        (WHOLE.marketplace, WHOLE.base_url, 3, True)
    }


def test_the_spider_takes_every_slice_as_it_was_meant() -> None:
    for arguments in cut_crawl(WHOLE, load_categories(), price_bands([500])):
        words = spider_command(arguments)
        words = words[words.index(SPIDER) + 1 :]
        assert words[::2] == ["-a"] * (len(words) // 2)
        assert (
            parse_arguments(dict(word.split("=", 1) for word in words[1::2]), load_categories()) == arguments
        )


def test_words_become_categories_and_bands() -> None:
    assert [category.name for category in chosen_categories("jeans, saree,jeans")] == ["jeans", "saree"]
    assert chosen_categories(None) == load_categories()
    assert chosen_bands(None) == [PriceBand()]
    assert chosen_bands("500, 1000") == [PriceBand(None, 500), PriceBand(500, 1000), PriceBand(1000, None)]


@pytest.mark.parametrize("words", ["", "10,5", "5,5", "0", "a", "5,", "-5", "1.5"])
def test_other_bands_are_refused(words: str) -> None:
    with pytest.raises(typer.BadParameter, match="ascending"):
        chosen_bands(words)


@pytest.mark.parametrize("words", ["", "shirt", "saree,shirt", ","])
def test_other_categories_are_refused(words: str) -> None:
    with pytest.raises(typer.BadParameter, match="saree, jeans, trousers"):
        chosen_categories(words)

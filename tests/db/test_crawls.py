"""The crawl's contract: what is recorded is read again, also what earlier versions recorded."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.crawls import SPIDER, CrawlArguments, Tally, spider_command
from db.messages import CRAWL_QUEUE, RENDER_QUEUE
from tests.conftest import ROOT

ARGUMENTS = st.builds(
    CrawlArguments,
    categories=st.lists(st.sampled_from(["saree", "jeans"]), unique=True).map(tuple),
    pages=st.integers(1, 20),
    details=st.booleans(),
    base_url=st.none() | st.just("http://127.0.0.1:8000"),
    search=st.none() | st.text(),
    min_price=st.none() | st.integers(1, 10**6),
)


@given(ARGUMENTS)
def test_recorded_arguments_are_read_as_they_were(arguments: CrawlArguments) -> None:
    assert CrawlArguments.read(json.loads(json.dumps(arguments.record()))) == arguments


def test_arguments_of_another_version_are_read_as_far_as_they_are_known() -> None:
    recorded = {"categories": ["saree"], "colour": "red"}
    assert CrawlArguments.read(recorded) == CrawlArguments(categories=("saree",))


def test_a_slice_tells_its_own_queue() -> None:
    assert CrawlArguments().queue == CRAWL_QUEUE
    assert CrawlArguments(render=True).queue == RENDER_QUEUE


def test_a_recorded_tally_is_read_as_it_was() -> None:
    tally = Tally(products_new=2, products_updated=1, images_refused={"corrupt": 3}, pages={"search": 4})
    assert Tally.read(json.loads(json.dumps(tally.record()))) == tally
    assert tally.products == 3


def test_a_tally_of_an_earlier_version_is_read() -> None:
    recorded = {"products_new": 2, "images_rejected": {"corrupt": 3}}
    assert Tally.read(recorded) == Tally(products_new=2, images_refused={"corrupt": 3})
    assert Tally.read({}) == Tally()


def test_the_command_names_what_is_not_as_always() -> None:
    arguments = CrawlArguments(
        categories=("saree", "jeans"), details=True, search="silk saree", max_price=900
    )
    command = spider_command(arguments, CRAWL_RUN=7)
    assert command[command.index("crawl") + 1 :] == [
        SPIDER, "-a", "categories=saree,jeans", "-a", "details=true", "-a", "search=silk saree",
        "-a", "max_price=900", "-s", "CRAWL_RUN=7",
    ]  # fmt: skip


@pytest.mark.slow
def test_whoever_reads_the_contract_loads_little() -> None:
    code = "import sys, db.crawls; assert not {'scrapy', 'sqlalchemy', 'PIL', 'numpy', 'celery'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)

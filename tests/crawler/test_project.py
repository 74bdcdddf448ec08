"""What makes it a Scrapy project like any other, and a safe one."""

import subprocess
import sys
from pathlib import Path

import pytest
from scrapy.settings import Settings

import crawler.settings
from crawler.arguments import HELP
from demo.shop.demo_shop import DemoShop, ShopConfig
from tests.crawler.conftest import ROOT, Project, Records

SETTINGS = Settings()
SETTINGS.setmodule(crawler.settings)


@pytest.mark.slow
def test_the_crawler_starts_without_tensorflow() -> None:
    code = (
        "import sys, scrapy.cmdline\n"
        "sys.argv = ['scrapy', 'check']\n"
        "try: scrapy.cmdline.execute()\n"
        "except SystemExit as end: assert not end.code\n"
        "import crawler.commands.crawl, crawler.pipelines.image_gate, crawler.pipelines.records\n"
        "import crawler.pipelines.image_queue, crawler.extensions.progress_line\n"
        "assert not {'tensorflow', 'keras', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


def test_the_help_says_what_a_crawl_does_and_teaches_its_arguments(project: Project) -> None:
    help_text = project.run("crawl", "--help").stdout
    assert "Exit codes: 0 the job was done, 1 it was not" in help_text
    assert all(f"  {name:<13} {words}\n" in help_text for name, words in HELP.items())


def test_the_shell_fetches_without_leaving_records(project: Project, records: Records) -> None:
    with DemoShop(ShopConfig(products=2)) as shop:
        words = ["shell", f"{shop.base_url}/s?k=saree", "-c", "response.status", "--nolog"]
        assert project.run(*words, "-s", f"BASE_URL={shop.base_url}").stdout == "200\n"
    assert records.runs() == []


def test_scrapy_parse_shows_what_the_spider_reads(project: Project) -> None:
    with DemoShop(ShopConfig(products=2)) as shop:
        address = f"{shop.base_url}/s?k=saree"
        words = [
            "parse",
            "--spider",
            "amazon_clothing",
            "-a",
            f"base_url={shop.base_url}",
            "-c",
            "parse",
            address,
        ]
        shown = project.run(*words, "--nolog", "--nocolour").stdout
    assert all(product.asin in shown for product in shop.catalogue.products if product.category == "saree")


def test_an_unknown_spider_is_a_usage_error(project: Project) -> None:
    ended = project.run("crawl", "amazon_shoes")
    assert ended.exit_code == 2
    assert "no such spider, `scrapy list` shows them; got 'amazon_shoes'" in ended.stderr
    assert project.run("list").stdout == "amazon_clothing\n"


def test_the_http_cache_serves_a_second_crawl(project: Project, tmp_path: Path) -> None:
    cache = {"HTTPCACHE_ENABLED": True, "HTTPCACHE_DIR": tmp_path / "cache"}
    with DemoShop(ShopConfig(products=2, broken_pictures=False)) as shop:
        first = project.crawl(shop.base_url, settings=cache, categories="saree", max_products=2)
        asked = shop.requests
        second = project.crawl(shop.base_url, settings=cache, categories="saree", max_products=2)
        assert shop.requests == asked
    assert (first.exit_code, second.exit_code) == (0, 0), second.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REMOTE_CONTROL_ENABLED", False),
        ("TELNETCONSOLE_ENABLED", False),
        ("DOWNLOAD_VERIFY_CERTIFICATES", True),
        ("ROBOTSTXT_OBEY", True),
        ("AUTOTHROTTLE_ENABLED", True),
        ("METAREFRESH_ENABLED", False),
    ],
)
def test_switches_of_safety_and_manners(name: str, value: bool) -> None:
    assert SETTINGS.getbool(name) is value


def test_a_live_crawl_is_slow_names_itself_and_reads_no_local_files() -> None:
    assert SETTINGS.getint("CONCURRENT_REQUESTS_PER_DOMAIN") == 1
    assert SETTINGS.getfloat("DOWNLOAD_DELAY") >= 2
    assert SETTINGS.getfloat("DOWNLOAD_DELAY_JITTER") == 0  # or it would be less than it says
    assert SETTINGS["USER_AGENT"].startswith("Vastra/")
    handlers = SETTINGS.getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler} == {"http", "https"}
    exporters = SETTINGS.getwithbase("FEED_EXPORTERS")
    assert exporters["pickle"] is exporters["marshal"] is None
    assert SETTINGS.getlist("BLOCK_RETRY_DELAYS") == [30.0, 60.0, 120.0]


@pytest.mark.slow
def test_the_contact_is_part_of_the_user_agent() -> None:
    code = "import crawler.settings; print(crawler.settings.USER_AGENT)"
    environment = {"CRAWLER_CONTACT": "me@example.org\nX-Header: 1"}
    printed = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=environment, text=True)
    assert printed.endswith("(+me@example.org X-Header: 1)\n")

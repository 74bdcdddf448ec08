"""Measure crawls whose pages a browser renders: `python -m benchmarks.render_rate [--pages N] [--render-pages N]`.

The demo shop's scripted pages are crawled without their pictures and records: what is measured is fetching,
rendering and parsing. Memory is that of the crawler and of the browser with Playwright's driver, all processes
together, each page of memory that they share counted once (PSS; RSS where the system tells no more).
"""

import os
import tempfile
import time
from dataclasses import dataclass
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.table import Table

from db.crawls import CrawlArguments, spider_command
from db.settings import ROOT
from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.requests import RequestKind

MARKS = (50, 250, 500, 1000, 2000)
_MB = 1 << 20


@dataclass(frozen=True)
class Sample:
    """How far the crawl was, and what it held then."""

    pages: int
    seconds: float
    crawler_mb: float
    browser_mb: float


def main(
    pages: Annotated[int, typer.Option(help="Product pages to render.", min=60)] = 500,
    render_pages: Annotated[int, typer.Option(help="Pages rendered at once.", min=1)] = 2,
) -> None:
    """Crawl the demo shop's scripted pages and print pages a second and memory along the way."""
    with DemoShop(ShopConfig(products=pages // 3 + 1, scripted=True, broken_pictures=False)) as shop:
        samples = measure(shop, render_pages, [mark for mark in MARKS if mark < pages] + [pages])
    table = Table("pages", "seconds", "pages/s since the mark before", "crawler, MB", "browser, MB")
    before = Sample(0, 0.0, 0.0, 0.0)
    for sample in samples:
        rate = (sample.pages - before.pages) / (sample.seconds - before.seconds)
        numbers = (sample.seconds, rate, sample.crawler_mb, sample.browser_mb)
        table.add_row(str(sample.pages), *(f"{number:.1f}" for number in numbers))
        before = sample
    Console().print(table)


def measure(shop: DemoShop, render_pages: int, marks: list[int]) -> list[Sample]:
    """Run the crawl and look at its processes at every mark; seconds count from the first page."""
    samples: list[Sample] = []
    started = 0.0
    with tempfile.TemporaryDirectory() as folder:
        crawl = psutil.Popen(_command(shop.base_url, render_pages), cwd=ROOT, env=_environment(folder))
        while crawl.poll() is None:
            rendered = shop.requests_by_kind[RequestKind.CONTENT]
            started = started or (time.monotonic() if rendered else 0.0)
            if len(samples) < len(marks) and rendered >= marks[len(samples)]:
                samples.append(Sample(rendered, time.monotonic() - started, *_memory_mb(crawl)))
            time.sleep(0.05)
    return samples


def _command(base_url: str, render_pages: int) -> list[str]:
    arguments = CrawlArguments(base_url=base_url, render=True, details=True)
    return spider_command(arguments, ITEM_PIPELINES="{}", RENDER_PAGES=render_pages, LOG_LEVEL="ERROR")


def _environment(folder: str) -> dict[str, str]:
    return os.environ | {"VASTRA_FOLDER": folder, "DATABASE_URL": f"sqlite:///{folder}/records"}


def _memory_mb(crawl: psutil.Process) -> tuple[float, float]:
    return _held(crawl), sum(map(_held, crawl.children(recursive=True)))


def _held(process: psutil.Process) -> float:
    try:
        memory = process.memory_full_info()
    except psutil.NoSuchProcess:
        return 0.0
    return float(getattr(memory, "pss", memory.rss)) / _MB


if __name__ == "__main__":
    typer.run(main)

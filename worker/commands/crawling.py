"""Have the workers crawl, and watch them: `python -m worker crawl`."""

from typing import Annotated

import typer
from rich.console import Console

from db.commands.command_line import terminal
from db.crawls import DEFAULT_MARKETPLACE, DEFAULT_PAGES, CrawlArguments, FinishReason
from db.session import Database, open_database
from worker.commands.crawl_options import chosen_bands, chosen_categories
from worker.commands.output import slices_table
from worker.crawling.crawl_plan import plan_crawl
from worker.crawling.slicing import cut_crawl

# Celery is imported when it is asked for, so that the other commands need not wait for it.
# ruff: noqa: PLC0415


def crawl(
    *,
    categories: Annotated[
        str | None, typer.Option(help="Names from categories.toml, separated by commas; default: all.")
    ] = None,
    bands: Annotated[
        str | None, typer.Option(metavar="PRICES", help="Cut every search at these prices: 500,1000,2000.")
    ] = None,
    marketplace: Annotated[str, typer.Option(help="Whose pages these are.")] = DEFAULT_MARKETPLACE,
    base_url: Annotated[str | None, typer.Option(help="Another address for the same marketplace.")] = None,
    pages: Annotated[int, typer.Option(help="Pages of each slice's search.", min=1)] = DEFAULT_PAGES,
    max_products: Annotated[int | None, typer.Option(help="Products of each slice at most.", min=1)] = None,
    details: Annotated[bool, typer.Option("--details", help="Visit every product's own page.")] = False,
    render: Annotated[bool, typer.Option("--render", help="Have a browser run the pages' scripts.")] = False,
) -> None:
    """Have the workers crawl, in slices, and show their progress; Ctrl-C stops the watching, not the crawl.

    A slice is a category, one of its search terms, and a band of price. A shop shows some seven pages of a
    search, however much it found: bands go deeper. Slices that still wait are not planned twice.

    Example: `python -m worker crawl --categories saree,jeans --bands 500,1000,2000`
    """
    from worker.fleet.queue import enqueue_slices, require_broker

    whole = CrawlArguments(
        marketplace=marketplace, base_url=base_url, pages=pages, max_products=max_products, details=details,
        render=render,
    )  # fmt: skip
    slices = cut_crawl(whole, chosen_categories(categories), chosen_bands(bands))
    require_broker()
    database = open_database()
    with database.write() as session:
        run_ids = plan_crawl(session, slices)
    with database.read() as session:
        enqueue_slices(session)
    _follow_crawl(database, run_ids)


def _follow_crawl(database: Database, run_ids: list[int]) -> None:
    from worker.commands.following import follow_crawl, judge_crawl

    try:
        runs = follow_crawl(database, run_ids)
    except KeyboardInterrupt:
        terminal.print("The crawl goes on without you. `python -m db stats` shows how far it is.")
        raise typer.Exit(1) from None
    Console().print(slices_table(runs))
    if any(run.finish_reason == FinishReason.WRONG_ARGUMENTS for run in runs):
        raise typer.BadParameter("the crawler refused them and says why in the workers' log")
    judge_crawl(runs)
    terminal.print("Next: `python -m db products`.")

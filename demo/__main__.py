"""The whole job, offline: `python -m demo --help`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from db.settings import ROOT

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@application.command()
def demo(
    photos: Annotated[
        Path | None,
        typer.Option(
            help="Sell these photos, in folders named after categories.", exists=True, file_okay=False
        ),
    ] = None,
    products: Annotated[
        int | None,
        typer.Option(help="Products a category.", show_default="120 drawn, or all photos", min=60),
    ] = None,
    shop: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Crawl this open shop, with workers that run already: start neither here."
        ),
    ] = None,
) -> None:
    """Crawl a shop on this machine, train on what was found, classify it, and print the classified products.

    The shop is part of the project; its pictures are drawn unless you give photos. The records are kept apart
    under var/demo/, unless DATABASE_URL is set. Run it again, also after Ctrl-C: it takes up where it was.
    """
    from db.session import open_database  # noqa: PLC0415
    from demo.job import run_job_at, run_whole_job  # noqa: PLC0415
    from demo.shop.demo_shop import ShopConfig  # noqa: PLC0415

    if shop is None:
        run_whole_job(open_database(), ShopConfig(photos=photos, products=products))
    else:
        run_job_at(open_database(), shop)


def keep_records_apart() -> None:
    """Have the settings, which are read once, point below var/demo/, unless DATABASE_URL is set."""
    if not os.environ.get("DATABASE_URL"):
        os.environ["VASTRA_FOLDER"] = str(ROOT / "var" / "demo")
        for name in ("CELERY_BROKER_URL", "IMAGE_STORE"):  # those of other records
            os.environ.pop(name, None)


if __name__ == "__main__":
    keep_records_apart()

    from db.commands.command_line import run
    from demo.errors import DemoError
    from worker.errors import WorkerError

    run(application, DemoError, WorkerError)

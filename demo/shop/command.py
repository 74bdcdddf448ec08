"""The command line of the demo shop alone: `python -m demo.shop`."""

import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from demo.errors import PhotosError
from demo.shop.demo_shop import ShopConfig, serve
from demo.shop.misbehaviour import BlockPage, HostileImage, Misbehaviour, RobotsRule
from demo.shop.server import LOOPBACK

application = typer.Typer(add_completion=False)
_MISBEHAVIOUR = "Misbehaviour"


@application.command()
def run(  # noqa: PLR0917 - one parameter per option
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes any free one.", min=0, max=65535)
    ] = 8000,
    host: Annotated[
        str, typer.Option(help="Interface to listen on; any but this one lets other machines in.")
    ] = LOOPBACK,
    base_url: Annotated[
        str | None,
        typer.Option(help="Address by which visitors know the shop.", show_default="host and port"),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(
            help="Show these photos, in folders named after categories.", exists=True, file_okay=False
        ),
    ] = None,
    products: Annotated[
        int | None,
        typer.Option(help="Products a category.", show_default="120 drawn, or all photos", min=1),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides every product and drawing.")] = 0,
    scripted: Annotated[bool, typer.Option(help="Pages that are empty until a browser runs them.")] = False,
    block: Annotated[
        BlockPage | None, typer.Option(help="Answer with this block page.", rich_help_panel=_MISBEHAVIOUR)
    ] = None,
    block_after: Annotated[
        int,
        typer.Option(help="Proper pages before the first block page.", min=0, rich_help_panel=_MISBEHAVIOUR),
    ] = 0,
    block_every: Annotated[
        int, typer.Option(help="Then block every Nth page.", min=1, rich_help_panel=_MISBEHAVIOUR)
    ] = 1,
    slow_seconds: Annotated[
        float, typer.Option(help="Wait before every answer.", min=0, rich_help_panel=_MISBEHAVIOUR)
    ] = 0.0,
    unavailable_every: Annotated[
        int, typer.Option(help="Status 503 every Nth answer.", min=0, rich_help_panel=_MISBEHAVIOUR)
    ] = 0,
    truncated_every: Annotated[
        int, typer.Option(help="Cut every Nth body short.", min=0, rich_help_panel=_MISBEHAVIOUR)
    ] = 0,
    changed_layout: Annotated[
        bool, typer.Option(help="Cards that no parser knows.", rich_help_panel=_MISBEHAVIOUR)
    ] = False,
    empty_results: Annotated[bool, typer.Option(help="Find nothing.", rich_help_panel=_MISBEHAVIOUR)] = False,
    missing_alt: Annotated[
        bool, typer.Option(help="Images without alternative text.", rich_help_panel=_MISBEHAVIOUR)
    ] = False,
    originals_missing: Annotated[
        bool, typer.Option(help="Images only in reduced sizes.", rich_help_panel=_MISBEHAVIOUR)
    ] = False,
    robots: Annotated[
        RobotsRule, typer.Option(help="What robots.txt answers.", rich_help_panel=_MISBEHAVIOUR)
    ] = RobotsRule.ALLOW,
    crawl_delay_seconds: Annotated[
        float | None, typer.Option(help="Crawl-delay in robots.txt.", min=0, rich_help_panel=_MISBEHAVIOUR)
    ] = None,
    hostile_image: Annotated[
        HostileImage | None, typer.Option(help="Serve this as every image.", rich_help_panel=_MISBEHAVIOUR)
    ] = None,
    redirect_to: Annotated[
        str, typer.Option(help="Where hostile redirects lead.", rich_help_panel=_MISBEHAVIOUR)
    ] = Misbehaviour.redirect_to,
) -> None:
    """Open the demo shop on this computer until Ctrl-C.

    The address is printed on standard output. Try: scrapy crawl amazon_clothing -a base_url=ADDRESS
    """
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", handlers=[RichHandler(console=Console(stderr=True))]
    )
    misbehaviour = Misbehaviour(
        block=block,
        block_after=block_after,
        block_every=block_every,
        slow_seconds=slow_seconds,
        unavailable_every=unavailable_every,
        truncated_every=truncated_every,
        changed_layout=changed_layout,
        empty_results=empty_results,
        missing_alt=missing_alt,
        robots=robots,
        crawl_delay_seconds=crawl_delay_seconds,
        originals_missing=originals_missing,
        hostile_image=hostile_image,
        redirect_to=redirect_to,
    )
    config = ShopConfig(
        products=products,
        photos=photos,
        seed=seed,
        misbehaviour=misbehaviour,
        scripted=scripted,
        port=port,
        host=host,
        base_url=base_url.rstrip("/") if base_url else None,
    )
    try:
        serve(config)
    except PhotosError as error:
        raise typer.BadParameter(str(error), param_hint="--photos") from error
    except OSError as error:
        typer.echo(f"cannot open the shop on port {port}: {error}. Name another with --port.", err=True)
        raise typer.Exit(1) from error


def main() -> None:
    """Run the command line."""
    application()

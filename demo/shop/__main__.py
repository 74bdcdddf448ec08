"""The demo shop alone: `python -m demo.shop --help`."""

import logging
import signal
import threading
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.logging import RichHandler

from demo.errors import PhotosError
from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.misbehaviour import BlockPage, HostileImage, Misbehaviour, RobotsRule
from demo.shop.server import LOOPBACK

application = typer.Typer(add_completion=False)
_misbehaviour = partial(typer.Option, rich_help_panel="Misbehaviour")

Port: TypeAlias = Annotated[
    int, typer.Option(help="Port to listen on; 0 takes any free one.", min=0, max=65535)
]
Host: TypeAlias = Annotated[
    str, typer.Option(help="Interface to listen on; any but this one lets other machines in.")
]
BaseUrl: TypeAlias = Annotated[
    str | None, typer.Option(help="Address by which visitors know the shop.", show_default="host and port")
]
Photos: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Show these photos, in folders named after categories.", exists=True, file_okay=False),
]
Products: TypeAlias = Annotated[
    int | None, typer.Option(help="Products a category.", show_default="120 drawn, or all photos", min=1)
]
Seed: TypeAlias = Annotated[int, typer.Option(help="Decides every product and drawing.")]
Scripted: TypeAlias = Annotated[bool, typer.Option(help="Pages that are empty until a browser runs them.")]

Block: TypeAlias = Annotated[BlockPage | None, _misbehaviour(help="Answer with this block page.")]
BlockAfter: TypeAlias = Annotated[int, _misbehaviour(help="Proper pages before the first block page.", min=0)]
BlockEvery: TypeAlias = Annotated[int, _misbehaviour(help="Then block every Nth page.", min=1)]
SlowSeconds: TypeAlias = Annotated[float, _misbehaviour(help="Wait before every answer.", min=0)]
UnavailableEvery: TypeAlias = Annotated[int, _misbehaviour(help="Status 503 every Nth answer.", min=0)]
TruncatedEvery: TypeAlias = Annotated[int, _misbehaviour(help="Cut every Nth body short.", min=0)]
ChangedLayout: TypeAlias = Annotated[bool, _misbehaviour(help="Cards that no parser knows.")]
EmptyResults: TypeAlias = Annotated[bool, _misbehaviour(help="Find nothing.")]
MissingAlt: TypeAlias = Annotated[bool, _misbehaviour(help="Images without alternative text.")]
OriginalsMissing: TypeAlias = Annotated[bool, _misbehaviour(help="Images only in reduced sizes.")]
Robots: TypeAlias = Annotated[RobotsRule, _misbehaviour(help="What robots.txt answers.")]
CrawlDelaySeconds: TypeAlias = Annotated[
    float | None, _misbehaviour(help="Crawl-delay in robots.txt.", min=0)
]
Hostile: TypeAlias = Annotated[HostileImage | None, _misbehaviour(help="Serve this as every image.")]
RedirectTo: TypeAlias = Annotated[str, _misbehaviour(help="Where hostile redirects lead.")]


@application.command()
def open_shop(
    *,
    port: Port = 8000,
    host: Host = LOOPBACK,
    base_url: BaseUrl = None,
    photos: Photos = None,
    products: Products = None,
    seed: Seed = 0,
    scripted: Scripted = False,
    block: Block = None,
    block_after: BlockAfter = 0,
    block_every: BlockEvery = 1,
    slow_seconds: SlowSeconds = 0.0,
    unavailable_every: UnavailableEvery = 0,
    truncated_every: TruncatedEvery = 0,
    changed_layout: ChangedLayout = False,
    empty_results: EmptyResults = False,
    missing_alt: MissingAlt = False,
    originals_missing: OriginalsMissing = False,
    robots: Robots = RobotsRule.ALLOW,
    crawl_delay_seconds: CrawlDelaySeconds = None,
    hostile_image: Hostile = None,
    redirect_to: RedirectTo = Misbehaviour.redirect_to,
) -> None:
    """Open the demo shop on this computer until Ctrl-C.

    The address is printed on standard output. Try: scrapy crawl amazon_clothing -a base_url=ADDRESS
    """
    options = dict(locals())  # each is named as its field of ShopConfig or Misbehaviour
    faults = {field.name: options.pop(field.name) for field in fields(Misbehaviour) if field.name in options}
    serve(ShopConfig(misbehaviour=Misbehaviour(**faults), **options))


def serve(config: ShopConfig) -> None:
    """Keep a shop open until the process is interrupted or told to terminate."""
    closing = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: closing.set())
    try:
        shop = DemoShop(config)
    except PhotosError as error:
        raise typer.BadParameter(str(error), param_hint="--photos") from error
    except OSError as error:
        typer.echo(
            f"cannot open the shop on port {config.port}: {error}. Name another with --port.", err=True
        )
        raise typer.Exit(1) from error
    with shop:
        typer.echo(shop.base_url)  # the command's result: whoever starts it reads the address
        closing.wait()


if __name__ == "__main__":
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", handlers=[RichHandler(console=Console(stderr=True))]
    )
    application()

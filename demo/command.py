"""The command line of the demo shop alone: `python -m demo.shop`."""

import logging
from collections.abc import Iterator
from dataclasses import fields
from inspect import Parameter, Signature
from typing import Annotated, Any, Final, get_type_hints

import typer
from rich.console import Console
from rich.logging import RichHandler
from typer.models import OptionInfo

from demo.errors import PhotosError
from demo.misbehaviour import Misbehaviour
from demo.shop import ShopConfig, serve

_PORT: Final = 8000

_SHOP: Final[dict[str, OptionInfo]] = {
    "port": typer.Option(help="Port to listen on; 0 takes any free one.", min=0, max=65535),
    "host": typer.Option(help="Interface to listen on; any but this one lets other machines in."),
    "base_url": typer.Option(help="Address by which visitors know the shop [default: host and port]."),
    "photos": typer.Option(
        help="Show these photos, in folders named after categories.", exists=True, file_okay=False
    ),
    "products": typer.Option(help="Products a category [default: 120 drawn, or all photos].", min=1),
    "seed": typer.Option(help="Decides every product and drawing."),
    "scripted": typer.Option(help="Pages that are empty until a browser runs them."),
}
"""Options by the field of ShopConfig that each fills, and that says its type and default."""


def _wrong(text: str, least: float | None = None) -> Any:
    return typer.Option(help=text, min=least, rich_help_panel="Misbehaviour")


_MISBEHAVIOUR: Final[dict[str, OptionInfo]] = {
    "block": _wrong("Answer with this block page."),
    "block_after": _wrong("Proper pages before the first block page.", least=0),
    "block_every": _wrong("Then block every Nth page.", least=1),
    "slow_seconds": _wrong("Wait before every answer.", least=0),
    "unavailable_every": _wrong("Status 503 every Nth answer.", least=0),
    "truncated_every": _wrong("Cut every Nth body short.", least=0),
    "changed_layout": _wrong("Cards that no parser knows."),
    "empty_results": _wrong("Find nothing."),
    "missing_alt": _wrong("Images without alternative text."),
    "originals_missing": _wrong("Images only in reduced sizes."),
    "robots": _wrong("What robots.txt answers."),
    "crawl_delay_seconds": _wrong("Crawl-delay in robots.txt.", least=0),
    "hostile_image": _wrong("Serve this as every image."),
    "redirect_to": _wrong("Where hostile redirects lead."),
}
"""Likewise, of Misbehaviour."""


def run(**given: Any) -> None:
    """Open the demo shop on this computer until Ctrl-C.

    The address is printed on standard output. Try: scrapy crawl amazon_clothing -a base_url=ADDRESS
    """
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", handlers=[RichHandler(console=Console(stderr=True))]
    )
    misbehaviour = Misbehaviour(**{name: given.pop(name) for name in _MISBEHAVIOUR})
    base_url = (given.pop("base_url") or "").rstrip("/") or None
    config = ShopConfig(misbehaviour=misbehaviour, base_url=base_url, **given)
    try:
        serve(config)
    except PhotosError as error:
        raise typer.BadParameter(str(error), param_hint="--photos") from error
    except OSError as error:
        typer.echo(
            f"cannot open the shop on port {config.port}: {error}. Name another with --port.", err=True
        )
        raise typer.Exit(1) from error


def main() -> None:
    """Run the command line."""
    # Typer reads a command's options from its signature.
    parameters = [*_parameters(ShopConfig, _SHOP), *_parameters(Misbehaviour, _MISBEHAVIOUR)]
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    application = typer.Typer(add_completion=False)
    application.command()(run)
    application()


def _parameters(
    filled: type[ShopConfig] | type[Misbehaviour], options: dict[str, OptionInfo]
) -> Iterator[Parameter]:
    types = get_type_hints(filled)
    defaults = {each.name: each.default for each in fields(filled)} | {"port": _PORT}
    for name, option in options.items():
        yield Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=defaults[name],
            annotation=Annotated[types[name], option],
        )

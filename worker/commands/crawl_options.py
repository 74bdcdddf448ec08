"""The words that `python -m worker` takes: categories and price bands."""

import typer

from db.categories import Category, load_categories
from worker.crawling.slicing import PriceBand, price_bands, read_bands
from worker.errors import BandsError


def chosen_categories(words: str | None) -> tuple[Category, ...]:
    """Read names separated by commas, None for all; raise typer.BadParameter for a word that is no category."""
    known = {category.name: category for category in load_categories()}
    if words is None:
        return tuple(known.values())
    names = list(dict.fromkeys(name.strip() for name in words.split(",") if name.strip()))
    if not names or not known.keys() >= set(names):
        raise typer.BadParameter(f"categories are {', '.join(known)}; got {words!r}")
    return tuple(known[name] for name in names)


def chosen_bands(words: str | None) -> list[PriceBand]:
    """Read the prices at which to cut, separated by commas, None for no cut; else raise typer.BadParameter."""
    try:
        return price_bands(()) if words is None else read_bands(words)
    except BandsError as error:
        raise typer.BadParameter(str(error)) from error

"""The words that `python -m worker` takes: categories and price bands."""

from itertools import pairwise

import typer

from db.categories import Category, load_categories
from worker.crawling.slicing import PriceBand, price_bands


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
    texts = [] if words is None else [text.strip() for text in words.split(",")]
    cuts = [int(text) for text in texts if text.isascii() and text.isdigit()]
    if len(cuts) < len(texts) or any(low >= high for low, high in pairwise([0, *cuts])):
        raise typer.BadParameter(f"whole, ascending prices are needed, such as 500,1000; got {words!r}")
    return price_bands(cuts)

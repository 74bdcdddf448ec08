"""What a person's verdicts are worth: to the network on a new source and for a new category, and to the records.

Two figures that are never one: adapting helps the network, cleaning helps the records.

    python -m benchmarks.review_orders PHOTOS --workdir var/benchmarks --seeds 5 --out orders.json

A source is new, and not listed: its photos are held out of projection and head, and a person answers what an order
asks; after every eight verdicts a head is fitted, and judged on the photos that nobody reviewed. Intervals are 95 %,
by Student's t over the seeds, which vary the projection's sample, what is drawn, and the noise of `auto`.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.embedded_photos import EmbeddedPhotos, embed_photos
from benchmarks.new_category_verdicts import NEW, CategoryOutcome, measure_category
from benchmarks.new_category_verdicts import STEPS as CATEGORY_STEPS
from benchmarks.new_source_verdicts import PRODUCT, STEPS, WEIGHTS, Outcome, measure_source, new_sources
from benchmarks.resampling import over_seeds
from benchmarks.wrong_labels import Cleaning, measure_cleaning
from db.categories import load_categories
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.heads.head_fitting import fit_head
from worker.cnn.heads.weighting import REVIEW_WEIGHT

CATEGORIES: Final = tuple(category.name for category in load_categories())
LEARNT: Final = (2000, 20_000)
_NOISE: Final = 6
"""Standard deviation of what is added to an embedding that is there several times."""

console = Console(width=150)


@dataclass(frozen=True)
class Measured:
    """All that was measured."""

    sources: tuple[Outcome, ...]
    categories: tuple[CategoryOutcome, ...]
    cleaning: tuple[Cleaning, ...]
    learn_seconds: Mapping[int, float]


def measure(photos: EmbeddedPhotos, seeds: int) -> Measured:
    """Measure everything with so many seeds."""
    numbers, named = range(seeds), new_sources(photos, CATEGORIES)
    sources = [one for s in numbers for name in named for one in measure_source(photos, CATEGORIES, name, s)]
    categories = [
        one for s in numbers for name in NEW for one in measure_category(photos, CATEGORIES, name, s)
    ]
    cleaning = [measure_cleaning(photos, CATEGORIES, s) for s in numbers]
    seconds = {rows: time_fit(photos, rows) for rows in LEARNT}
    return Measured(tuple(sources), tuple(categories), tuple(cleaning), seconds)


def time_fit(photos: EmbeddedPhotos, rows: int) -> float:
    """Time `fit_head`, in seconds, on so many rows, most of which are others with noise."""
    generator = np.random.default_rng(0)
    whole = photos.examples(photos.embed(np.ones(len(photos), np.bool_), 0), photos.labels(CATEGORIES))
    drawn = whole.select(np.arange(rows) % len(photos))
    noise = generator.normal(scale=_NOISE, size=drawn.embeddings.shape)
    names = np.arange(rows).astype(str)
    examples = EmbeddedExamples(
        embeddings=np.clip(np.rint(drawn.embeddings + noise), -127, 127).astype(np.int8),
        labels=drawn.labels,
        splits=drawn.splits,
        products=names,
        sources=drawn.sources,
        groups=names,
        reviewed=drawn.reviewed,
    )
    started = time.monotonic()
    fit_head(examples, CATEGORIES)
    return time.monotonic() - started


def show_weights(outcomes: Sequence[Outcome], seen: str) -> Table:
    """Lay out the accuracy after verdicts by order and weight, the mean over the sources."""
    table = Table(
        "order", "verdicts", *(f"weight {weight:g}" for weight in WEIGHTS), title=f"new source; {seen}"
    )
    theirs = [one for one in outcomes if one.seen == seen and one.order != PRODUCT]
    for order, step in dict.fromkeys((one.order, one.verdicts) for one in theirs):
        rows = [one for one in theirs if (one.order, one.verdicts) == (order, step)]
        by_weight = {weight: [one for one in rows if one.weight == weight] for weight in WEIGHTS}
        table.add_row(
            order, str(step), *(_cell(_by_seed(some, lambda o: o.after)) for some in by_weight.values())
        )
    return table


def show_sources(outcomes: Sequence[Outcome], seen: str) -> Table:
    """Lay out each source before and after verdicts, with the product's weight."""
    ways = [(order, step) for order in ("random", "margin", "auto", PRODUCT) for step in STEPS]
    columns = [f"{order} {step}" for order, step in ways]
    table = Table(
        "source", "before", *columns, "gain of product, 16", "...same photos", title=f"{seen}: after"
    )
    theirs = [one for one in outcomes if one.seen == seen and one.weight == REVIEW_WEIGHT]
    for source in dict.fromkeys(one.source for one in theirs):
        rows = {way: [o for o in theirs if (o.source, o.order, o.verdicts) == (source, *way)] for way in ways}
        last = rows[PRODUCT, STEPS[-1]]
        table.add_row(
            source,
            _cell([one.before for one in last]),
            *(_cell([one.after for one in some]) for some in rows.values()),
            _cell([one.after - one.before for one in last]),
            _cell([one.after - one.before_on_rest for one in last]),
        )
    return table


def show_categories(outcomes: Sequence[CategoryOutcome]) -> Table:
    """Lay out a new category's F1 by order and verdicts, on all folds and without the catalogue."""
    table = Table(
        "category", "order", "on", *map(str, CATEGORY_STEPS), title="new category: F1 after verdicts"
    )
    for category, order in dict.fromkeys((one.category, one.order) for one in outcomes):
        theirs = [one for one in outcomes if (one.category, one.order) == (category, order)]
        for on in ("f1", "f1_elsewhere"):
            values = [[getattr(one, on) for one in theirs if one.verdicts == step] for step in CATEGORY_STEPS]
            table.add_row(category, order, "all" if on == "f1" else "others", *map(_cell, values))
    return table


def show_records(measured: Measured) -> Table:
    """Lay out the share of wrong labels found, and the seconds of a fit."""
    table = Table("figure", "value", title="records: wrong labels found in 100 verdicts; fit_head")
    for order in measured.cleaning[0].found:
        table.add_row(order, _cell([one.found[order] for one in measured.cleaning]))
    ratio = [one.found["contradicted"] / max(one.found["random"], 1e-9) for one in measured.cleaning]
    table.add_row("contradicted by random", _cell(ratio))
    for rows, seconds in measured.learn_seconds.items():
        table.add_row(f"fit_head, {rows:,} rows, wall seconds", f"{seconds:.1f}")
    return table


def _by_seed(outcomes: Sequence[Outcome], value: Callable[[Outcome], float]) -> list[float]:
    """Average over the sources, for each seed."""
    ordered = sorted(outcomes, key=lambda one: one.seed)
    return [
        float(np.mean([value(one) for one in some])) for _, some in groupby(ordered, lambda one: one.seed)
    ]


def _cell(values: Sequence[float]) -> str:
    mean, low, high = over_seeds(values)
    return f"{mean:.3f} ({low:.3f} to {high:.3f})"


def main(
    photos: Annotated[Path, typer.Argument(help="folder with MANIFEST.csv")],
    workdir: Annotated[Path, typer.Option(help="keeps features for the next run")] = Path("var/benchmarks"),
    seeds: Annotated[int, typer.Option(help="repeat so often, with seeds from 0")] = 5,
    out: Annotated[Path | None, typer.Option(help="write all figures to this JSON file")] = None,
) -> None:
    """Measure what verdicts are worth."""
    embedded = embed_photos(photos, workdir)
    started = time.process_time()
    measured = measure(embedded, seeds)
    for seen in dict.fromkeys(one.seen for one in measured.sources):
        console.print(show_weights(measured.sources, seen), show_sources(measured.sources, seen))
    console.print(show_categories(measured.categories), show_records(measured))
    if out:
        written: dict[str, Any] = asdict(measured)
        out.write_text(json.dumps(written, indent=2))
    console.print(f"{time.process_time() - started:.0f} s of CPU time")


if __name__ == "__main__":
    typer.run(main)

"""What the default network is worth on products, and on sources, that it has never seen.

"unseen": fixed folds of sources (benchmarks/embedded_photos.py); projection and head are fitted to the sources of
the other folds, and the answers about all folds are pooled. "within": fitted to 85 % of the groups of all sources,
tested on 15 %; a group is a product or a whole shop ("groups of the manifest"), or a product with its near
duplicates, as the records divide ("near duplicates"). Seeds vary the sample that the projection is fitted to. What
the frozen backbone computes is kept in the working folder, so that only the first run pays for it.

    python -m benchmarks.unseen_shops PHOTOS --workdir var/benchmarks --seeds 3 --out unseen.json
"""

import json
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.embedded_photos import EmbeddedPhotos, embed_photos
from benchmarks.photos import digest
from benchmarks.pooled_answers import PooledAnswers
from benchmarks.resampling import bootstrap, over_seeds
from db.categories import load_categories
from worker.cnn.heads.head_fitting import fit_head
from worker.cnn.pictures.dataset import TEST, TRAIN, VALIDATION

CATEGORIES: Final = tuple(category.name for category in load_categories())
HELD_OUT_SHARE: Final = 0.15

console = Console(width=150)


def split_of(group: str) -> str:
    """Draw a group's split by its name."""
    place = int(digest(group)[:8], 16) / 16**8
    if place < HELD_OUT_SHARE:
        return TEST
    return VALIDATION if place < 2 * HELD_OUT_SHARE else TRAIN


def measure_unseen(photos: EmbeddedPhotos, seed: int) -> PooledAnswers:
    """Hold out each fold in turn, and pool what is said of it."""
    folds = photos.folds
    return PooledAnswers.pool([_measure_fold(photos, folds == fold, seed) for fold in np.unique(folds)])


def _measure_fold(photos: EmbeddedPhotos, held_out: NDArray[np.bool_], seed: int) -> PooledAnswers:
    embeddings, labels = photos.embed(~held_out, seed), photos.labels(CATEGORIES)
    head = fit_head(photos.examples(embeddings, labels).select(~held_out), CATEGORIES).head
    return PooledAnswers.of_head(head, photos.select(held_out), embeddings[held_out], labels[held_out])


def measure_within(photos: EmbeddedPhotos, groups: NDArray[np.str_], seed: int) -> PooledAnswers:
    """Fit to most groups (n,) of all sources, and test on the others."""
    splits = np.array([split_of(group) for group in groups.tolist()])
    tested, labels = splits == TEST, photos.labels(CATEGORIES)
    embeddings = photos.embed(~tested, seed)
    head = fit_head(replace(photos.examples(embeddings, labels), splits=splits), CATEGORIES).head
    return PooledAnswers.of_head(head, photos.select(tested), embeddings[tested], labels[tested])


def measure(photos: EmbeddedPhotos, seed: int) -> dict[str, PooledAnswers]:
    """Measure in every way, with one seed."""
    near = np.array([f"near {group}" for group in photos.groups.tolist()])
    return {
        "unseen": measure_unseen(photos, seed),
        "within, groups of the manifest": measure_within(photos, photos.manifest_groups, seed),
        "within, near duplicates": measure_within(photos, near, seed),
    }


def summarise(answers: Sequence[PooledAnswers]) -> dict[str, dict[str, Any]]:
    """Give each figure's mean over the seeds, and the intervals of the first seed, by source and by group."""
    figures = [each.figures(CATEGORIES) for each in answers]
    first = answers[0]
    by = {
        "by source": bootstrap(lambda rows: first.select(rows).figures(CATEGORIES), _joined(first.sources)),
        "by group": bootstrap(lambda rows: first.select(rows).figures(CATEGORIES), first.units),
    }
    return {
        name: {"seeds": [each[name] for each in figures]} | {way: found[name] for way, found in by.items()}
        for name in figures[0]
    }


def _joined(sources: NDArray[np.str_]) -> NDArray[np.str_]:
    """Take two sources that show the same products for one."""
    return np.where(np.char.startswith(sources, "myntra"), "myntra", sources)


def show(way: str, summary: Mapping[str, Mapping[str, Any]]) -> Table:
    """Lay out each figure with its intervals."""
    table = Table("figure", "mean of seeds", "95 % by source", "by group", "seeds", title=way)
    for name, found in summary.items():
        values = [value for value in found["seeds"] if value is not None]
        if values:
            ranges = [f"{low:.3f} to {high:.3f}" for low, high in (found["by source"], found["by group"])]
            table.add_row(
                name, f"{over_seeds(values)[0]:.3f}", *ranges, " ".join(f"{value:.3f}" for value in values)
            )
    return table


def show_parts(answers: Sequence[PooledAnswers]) -> Table:
    """Lay out the accuracy of each fold and each source."""
    table = Table("held out", "photos of the categories", "accuracy, mean of seeds", title="unseen")
    for by_seed in (
        [each.accuracies(each.folds) for each in answers],
        [each.accuracies(each.sources) for each in answers],
    ):
        for name, (_, photos) in by_seed[0].items():
            table.add_row(name, str(photos), f"{over_seeds([each[name][0] for each in by_seed])[0]:.3f}")
        table.add_section()
    return table


def main(
    photos: Annotated[Path, typer.Argument(help="folder with MANIFEST.csv")],
    workdir: Annotated[Path, typer.Option(help="keeps features for the next run")] = Path("var/benchmarks"),
    seeds: Annotated[int, typer.Option(help="fit so often, with seeds from 0")] = 3,
    out: Annotated[Path | None, typer.Option(help="write all figures to this JSON file")] = None,
) -> None:
    """Measure on products and on sources that the network has never seen."""
    embedded = embed_photos(photos, workdir)
    started = time.process_time()
    measured = [measure(embedded, seed) for seed in range(seeds)]
    summaries = {way: summarise([each[way] for each in measured]) for way in measured[0]}
    for way, summary in summaries.items():
        console.print(show(f"{way}, {len(measured[0][way].answers)} photos", summary))
    console.print(show_parts([each["unseen"] for each in measured]))
    if out:
        out.write_text(json.dumps(summaries, indent=2))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"{time.process_time() - started:.0f} s of CPU time, peak {megabytes:.0f} MB")


if __name__ == "__main__":
    typer.run(main)

"""What confidences are worth that few labelled photos calibrate.

So many photos of each category are drawn, by whole groups of near duplicates, from one source or from all;
projection and head are fitted to them, and asked about all photos of the categories that are in no such group.
"lowest": by the temperature with the lowest loss on the photos that were judged; "fitted": by `fit_temperature`.

    python -m benchmarks.few_photos PHOTOS --workdir var/benchmarks --seeds 5
"""

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.embedded_photos import EmbeddedPhotos, embed_photos
from db.categories import load_categories
from worker.cnn.arrays import Floats
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.calibration import TEMPERATURES
from worker.cnn.figures.doubts import Judged
from worker.cnn.figures.evaluate import evaluate
from worker.cnn.figures.metrics import log_loss, softmax
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.heads.head_fitting import FittedHead, fit_head
from worker.cnn.heads.strength import judge_held_out

CATEGORIES: Final = tuple(category.name for category in load_categories())
COUNTS: Final = (8, 16, 32, 100, 200)
"""Photos of each category."""

ONE_SOURCE: Final = "myntra60"
CERTAIN: Final = 0.9995
"""Confidence from which 1.000 is shown."""


def draw(photos: EmbeddedPhotos, pool: NDArray[np.bool_], count: int, seed: int) -> NDArray[np.bool_]:
    """Draw so many photos of each category from a pool (n,): (n,), groups whole."""
    generator, labels = np.random.default_rng(seed), photos.labels(CATEGORIES)
    drawn = np.zeros(len(photos), np.bool_)
    for label in range(len(CATEGORIES)):
        rows = pool & (labels == label)
        for group in generator.permutation(np.unique(photos.groups[rows])):
            theirs = rows & (photos.groups == group)
            if (drawn & rows).sum() + theirs.sum() <= count:
                drawn |= theirs
    return drawn


def measure(photos: EmbeddedPhotos, drawn: NDArray[np.bool_], seed: int) -> dict[str, float]:
    """Fit a head to the photos of a mask (n,), and give figures of the others; shares are 0 to 1."""
    embeddings, labels = photos.embed(drawn, seed), photos.labels(CATEGORIES)
    examples = photos.examples(embeddings, labels).select(drawn)
    fitted = fit_head(examples, CATEGORIES)
    others = ~np.isin(photos.groups, photos.groups[drawn]) & (labels >= 0)
    said = fitted.head.apply(embeddings[others])
    uncertain = fitted.head.are_uncertain(said.probabilities.max(axis=1), said.in_distribution)
    answers = Answers(said.probabilities, labels[others], uncertain)
    lowest = lowest_loss(judged_by(fitted, examples))
    surer = softmax(np.log(said.probabilities), lowest / fitted.head.temperature)
    found = evaluate(answers, CATEGORIES)
    return {
        "photos that calibrate": fitted.metrics["calibration"]["pictures"],
        "coverage": found.coverage,
        "right when claimed": found.claimed_accuracy or 0.0,
        "temperature, lowest": lowest,
        "fitted": fitted.head.temperature,
        **figures_of(Answers(surer, labels[others], uncertain), "lowest"),
        **figures_of(answers, "fitted"),
    }


def judged_by(fitted: FittedHead, examples: EmbeddedExamples) -> Judged:
    """Give what decided on the head's temperature, once more."""
    kept = examples.select(~np.isin(examples.products, fitted.left_out))
    return judge_held_out(kept, len(CATEGORIES)).deciding()


def lowest_loss(judged: Judged) -> float:
    """Find the temperature with the lowest loss on what was judged, to 1 %; of equal ones the lowest."""
    tried = np.geomspace(*TEMPERATURES, 600)
    return float(min(tried, key=lambda each: log_loss(softmax(judged.logits, each), judged.labels)))


def figures_of(answers: Answers, name: str) -> Mapping[str, float]:
    """Give what tells how honest the confidences are."""
    found = evaluate(answers, CATEGORIES)
    return {
        f"loss, {name}": found.loss,
        f"calibration error, {name}": found.expected_calibration_error,
        f"1.000, {name}": certain(answers.confidence),
        f"1.000 of the wrong, {name}": certain(answers.confidence[~answers.right]),
    }


def certain(confidence: Floats) -> float:
    """Give the share that is shown as 1.000."""
    return float((confidence >= CERTAIN).mean()) if len(confidence) else 0.0


def main(
    photos: Annotated[Path, typer.Argument(metavar="PHOTOS", help="Folder with MANIFEST.csv.")],
    workdir: Annotated[Path, typer.Option(help="Where features are kept.")] = Path("var/benchmarks"),
    seeds: Annotated[int, typer.Option(help="How often to draw.")] = 5,
) -> None:
    """Measure confidences by number of photos, the mean over the seeds."""
    embedded = embed_photos(photos, workdir)
    pools = {"one source": embedded.sources == ONE_SOURCE, "all": np.ones(len(embedded), np.bool_)}
    console = Console(width=110)
    for name, pool in pools.items():
        columns = {}
        for count in COUNTS:
            measured = [measure(embedded, draw(embedded, pool, count, seed), seed) for seed in range(seeds)]
            columns[count] = {key: fmean(each[key] for each in measured) for key in measured[0]}
        table = Table(f"{name}: photos of each category", *map(str, COUNTS))
        for figure in columns[COUNTS[0]]:
            table.add_row(figure, *(f"{columns[count][figure]:.3f}" for count in COUNTS))
        console.print(table)


if __name__ == "__main__":
    typer.run(main)

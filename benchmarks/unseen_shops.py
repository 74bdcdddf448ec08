"""What the default network is worth on products, and on sources, that it has never seen.

"within": trained on 70 % of the groups of all sources, tested on 15 %. "unseen": the photos of cc0 are predicted
by a network that saw none of cc0, those of the shops by one that saw none of any shop; the predictions are
pooled. A group (a product, or a whole shop) is never divided. Each seed trains all three networks anew. What the
frozen blocks compute is kept in the working folder, so that only the first training pays for it.

    python -m benchmarks.unseen_shops PHOTOS --workdir var/benchmarks --seeds 3 --out unseen.json
"""

import json
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, Final

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.photos import Photo, digest, read_manifest, read_pictures
from db.categories import load_categories
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.config import DEFAULT_NETWORK, INPUT_SHAPES, FineTuning, TrainingConfig
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.evaluate import evaluate
from worker.cnn.figures.intervals import bootstrap_intervals
from worker.cnn.pictures.dataset import TEST, TRAIN, VALIDATION, Examples
from worker.cnn.serving.classifier import Classifier, gather_answers
from worker.cnn.train import train_and_evaluate
from worker.commands.progress_bars import training_bar

CATEGORIES = tuple(category.name for category in load_categories())
HELD_OUT_SHARE = 0.15
HEADLINES = (
    "accuracy", "macro_f1", "expected_calibration_error", "coverage", "claimed_accuracy", "negatives_flagged"
)  # fmt: skip
UNSEEN: Final[Mapping[str, Callable[[str], bool]]] = {
    "cc0": lambda source: source == "cc0",
    "shops": lambda source: source.startswith("shops-"),
}
"""The folds: which sources are left out of training together."""


@dataclass(frozen=True)
class Predictions:
    """What a network says of photos."""

    photos: Examples
    answers: Answers

    def figures(self) -> dict[str, Any]:
        """Evaluate them, with 95 % intervals by group, and the accuracy of each source."""
        groups = np.unique(self.photos.groups, return_inverse=True)[1]
        right, shown = self.answers.right, self.answers.shown
        sources = {
            source: {"photos": int(rows.sum()), "accuracy": float(right[rows].mean())}
            for source in np.unique(self.photos.sources).tolist()
            if (rows := shown & (self.photos.sources == source)).any()
        }
        intervals = asdict(bootstrap_intervals(self.answers, groups, CATEGORIES))
        return evaluate(self.answers, CATEGORIES).as_dict() | {"intervals": intervals, "sources": sources}


def read_examples(photos: Sequence[Photo]) -> Examples:
    """Read the photos, split by group; a group stands for the product."""
    labels = [CATEGORIES.index(p.category) if p.category in CATEGORIES else KNOWN_NEGATIVE for p in photos]
    groups = np.array([photo.group for photo in photos])
    return Examples(
        pictures=read_pictures(photos, INPUT_SHAPES[DEFAULT_NETWORK]),
        labels=np.array(labels),
        splits=np.array([split_of(photo.group) for photo in photos]),
        keys=np.array([photo.key for photo in photos]),
        products=groups,
        sources=np.array([photo.source for photo in photos]),
        groups=groups,
        reviewed=np.zeros(len(photos), np.bool_),
    )


def split_of(group: str) -> str:
    """Draw a group's split by its name."""
    place = int(digest(group)[:8], 16) / 16**8
    if place < HELD_OUT_SHARE:
        return TEST
    return VALIDATION if place < 2 * HELD_OUT_SHARE else TRAIN


def predict(config: TrainingConfig, seen: Examples, photos: Examples, workdir: Path) -> Predictions:
    """Train on some photos and predict others."""
    with training_bar() as report:
        result = train_and_evaluate(config, seen, workdir, report)
    classifier = Classifier.load(result.flatbuffer or result.artefact, result.specification)
    classified = classifier.classify(photos.pictures)
    return Predictions(photos, gather_answers(classified, photos.labels, CATEGORIES))


def measure_within(config: TrainingConfig, examples: Examples, workdir: Path) -> Predictions:
    """Train and test on groups of the same sources."""
    return predict(config, examples, examples.where(TEST), workdir)


def measure_unseen(config: TrainingConfig, examples: Examples, workdir: Path) -> Predictions:
    """Train once without cc0 and once without the shops, and pool what is predicted of what was left out."""
    parts = []
    for is_left_out in UNSEEN.values():
        left_out = np.array([is_left_out(source) for source in examples.sources.tolist()])
        others = examples.select(~left_out)
        splits = np.where(others.splits == TEST, TRAIN, others.splits)
        parts.append(predict(config, replace(others, splits=splits), examples.select(left_out), workdir))
    return Predictions(
        Examples(**_pool([part.photos for part in parts])), Answers(**_pool([part.answers for part in parts]))
    )


def _pool(parts: Sequence[Examples] | Sequence[Answers]) -> dict[str, NDArray[Any]]:
    """Join the arrays of the parts, by name."""
    return {name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])}


def show(results: Sequence[Mapping[str, Any]]) -> Table:
    """Lay out the mean over the seeds of each figure, with the first seed's interval."""
    ways = ("within", "unseen")
    table = Table("figure", *(f"{way}, {len(results)} seeds (interval of seed 0)" for way in ways))
    for name in (*HEADLINES, *CATEGORIES):
        table.add_row(
            f"{name} F1" if name in CATEGORIES else name.replace("_", " "),
            *(_cell([result[way] for result in results], name) for way in ways),
        )
    return table


def _cell(figures: Sequence[Mapping[str, Any]], name: str) -> str:
    if name in CATEGORIES:
        values = [each["categories"][name]["f1"] for each in figures]
        interval = figures[0]["intervals"]["f1"][name]
    else:
        values, interval = [each[name] for each in figures], figures[0]["intervals"][name]
    if interval is None or None in values:
        return "-"
    return f"{fmean(values):.3f} ({interval['low']:.3f} to {interval['high']:.3f})"


def main(
    photos: Annotated[Path, typer.Argument(help="folder with MANIFEST.csv")],
    workdir: Annotated[Path, typer.Option(help="keeps maps for the next run")] = Path("var/benchmarks"),
    fine_tune: Annotated[bool, typer.Option(help="or the frozen backbone with a head")] = True,
    seeds: Annotated[int, typer.Option(help="train so often, with seeds from 0")] = 1,
    out: Annotated[Path | None, typer.Option(help="write all figures to this JSON file")] = None,
) -> None:
    """Measure on products and on sources that the network has never seen."""
    examples = read_examples(read_manifest(photos))
    config = replace(TrainingConfig.default(CATEGORIES), fine_tuning=FineTuning() if fine_tune else None)
    results: list[dict[str, Any]] = []
    for seed in range(seeds):
        started, seeded = time.monotonic(), replace(config, seed=seed)
        results.append(
            {
                "within": measure_within(seeded, examples, workdir).figures(),
                "unseen": measure_unseen(seeded, examples, workdir).figures(),
                "seconds": time.monotonic() - started,
            }
        )
        if out:
            out.write_text(json.dumps({"config": config.as_dict(), "results": results}, indent=2))
    Console().print(show(results))
    for source, outcome in results[0]["unseen"]["sources"].items():
        Console().print(f"{source}: {outcome['accuracy']:.3f} of {outcome['photos']}")
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    Console().print(f"{[round(result['seconds']) for result in results]} s, peak {megabytes:.0f} MB")


if __name__ == "__main__":
    typer.run(main)

"""What efficientnet_lite0 is worth on products, and on sources, that it has never seen.

"split": one network, trained on 70 % of the groups of the whole pool, tested on 15 %. "unseen sources": every
photo of the shops and of cc0 is predicted by a network that never saw its source; the predictions are pooled.
A group (a product, or a whole shop) is never divided. Features are computed once, into the working folder.

    python -m benchmarks.unseen_shops PHOTOS --workdir var/benchmarks --out unseen.json
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.photos import Photo, digest, read_manifest, read_pictures
from db.categories import load_categories
from worker.cnn.classifier import Classifier, Prediction
from worker.cnn.config import INPUT_SHAPES, NetworkName, TrainingConfig
from worker.cnn.dataset import KNOWN_NEGATIVE, Examples, Split
from worker.cnn.evaluate import evaluate
from worker.cnn.train import train_and_evaluate

CATEGORIES = tuple(category.name for category in load_categories())
CONFIG = TrainingConfig.default(CATEGORIES)
HELD_OUT_SHARE = 0.15
HEADLINES = ("pictures", "accuracy", "macro_f1", "expected_calibration_error", "coverage", "claimed_accuracy")


def read_examples(photos: Sequence[Photo]) -> Examples:
    """Read the photos, split by group; a group stands for the product."""
    labels = [CATEGORIES.index(p.category) if p.category in CATEGORIES else KNOWN_NEGATIVE for p in photos]
    return Examples(
        pictures=read_pictures(photos, INPUT_SHAPES[NetworkName.EFFICIENTNET_LITE0]),
        labels=np.array(labels),
        splits=np.array([split_of(photo.group) for photo in photos]),
        keys=np.array([photo.key for photo in photos]),
        products=np.array([photo.group for photo in photos]),
        sources=np.array([photo.source for photo in photos]),
    )


def split_of(group: str) -> Split:
    """Draw a group's split by its name."""
    place = int(digest(group)[:8], 16) / 16**8
    if place < HELD_OUT_SHARE:
        return Split.TEST
    return Split.VALIDATION if place < 2 * HELD_OUT_SHARE else Split.TRAIN


def predict_unseen(examples: Examples, source: str, workdir: Path) -> list[Prediction]:
    """Predict a source's photos by a network trained on the other sources, without a test split."""
    others = examples.select(examples.sources != source)
    splits = np.where(others.splits == Split.TEST, Split.TRAIN.value, others.splits)
    training = Examples(**(vars(others) | {"splits": splits}))
    result = train_and_evaluate(CONFIG, training, workdir)
    classifier = Classifier.load(result.artefact, result.specification)
    return classifier.classify(examples.pictures[examples.sources == source])


def pool(predictions: Sequence[Prediction], examples: Examples) -> dict[str, Any]:
    """Evaluate the predictions of all unseen sources together, and give each source's accuracy."""
    probabilities = np.array([[p.probabilities[name] for name in CATEGORIES] for p in predictions])
    uncertain = np.array([prediction.uncertain for prediction in predictions])
    right = probabilities.argmax(axis=1) == examples.labels
    shown = examples.labels != KNOWN_NEGATIVE
    sources = {
        source: {"pictures": int(rows.sum()), "accuracy": float(right[rows].mean())}
        for source in np.unique(examples.sources).tolist()
        if (rows := shown & (examples.sources == source)).any()
    }
    outcome = evaluate(probabilities, examples.labels, uncertain, CATEGORIES).as_dict()
    return outcome | {"sources": sources}


def unseen(examples: Examples, workdir: Path) -> dict[str, Any]:
    """Train once without each shop and without cc0, and pool what is predicted of them."""
    rows: list[int] = []
    predictions: list[Prediction] = []
    sources = [s for s in np.unique(examples.sources).tolist() if s.startswith("shops-") or s == "cc0"]
    for source in track(sources, "unseen sources", console=Console(stderr=True)):
        predictions += predict_unseen(examples, source, workdir)
        rows += np.flatnonzero(examples.sources == source).tolist()
    return pool(predictions, examples.select(np.array(rows)))


def show(figures: Mapping[str, Mapping[str, Any]]) -> Table:
    """Lay the figures out, one column for each way of testing."""
    table = Table("figure", *figures, title=f"{CONFIG.network}, seed {CONFIG.seed}")
    for name in (*HEADLINES, "negatives", "negatives_flagged"):
        table.add_row(name.replace("_", " "), *(f"{outcome[name]:.4g}" for outcome in figures.values()))
    for category in CATEGORIES:
        scores = (outcome["categories"][category]["f1"] for outcome in figures.values())
        table.add_row(f"{category} F1", *(f"{score:.4g}" for score in scores))
    return table


def main(
    photos: Annotated[Path, typer.Argument(help="folder with MANIFEST.csv")],
    workdir: Annotated[Path, typer.Option(help="keeps features for the next run")] = Path("var/benchmarks"),
    out: Annotated[Path | None, typer.Option(help="write all figures to this JSON file")] = None,
) -> None:
    """Measure on products and on sources that the network has never seen."""
    examples = read_examples(read_manifest(photos))
    result = train_and_evaluate(CONFIG, examples, workdir)
    figures = {"split": result.metrics["test"], "unseen sources": unseen(examples, workdir)}
    Console().print(show(figures))
    for source, outcome in figures["unseen sources"]["sources"].items():
        Console().print(f"{source}: {outcome['accuracy']:.3f} of {outcome['pictures']}")
    if out:
        out.write_text(json.dumps({"config": CONFIG.as_dict(), **figures}, indent=2))


if __name__ == "__main__":
    typer.run(main)

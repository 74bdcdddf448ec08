"""The notebook's own protocol on the photos of one source, and what the network is worth elsewhere.

241 train and 20 test pictures of each category (fewer to train on where a category has fewer), never one
product in both. seed_cnn: 20 epochs in batches of 5, Adam, sigmoid with categorical cross-entropy, the last epoch
is taken, and its weights are saved. The other networks, for comparison: trained with the default settings on
the same split, an eighth of the train pictures held back for validation.

    python -m benchmarks.notebook_protocol PHOTOS --out protocol.json
"""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.photos import Photo, digest, read_manifest, read_pictures
from db.categories import load_categories
from worker.cnn.config import INPUT_SHAPES, NetworkName, TrainingConfig
from worker.cnn.figures.metrics import log_loss
from worker.cnn.learning.augmentation import alter
from worker.cnn.learning.epoch_batches import ShuffledBatches, make_targets
from worker.cnn.networks.architectures import build_seed_cnn
from worker.cnn.pictures.dataset import TRAIN, VALIDATION, Examples
from worker.cnn.quiet_tensorflow import keras
from worker.cnn.serving.classifier import Classifier
from worker.cnn.train import train_and_evaluate

SOURCE = "myntra60"
TRAIN_PER_CATEGORY, TEST_PER_CATEGORY = 241, 20
EPOCHS, BATCH_SIZE, SEED = 20, 5, 0
CATEGORIES = tuple(category.name for category in load_categories())

Predictor = Callable[[Sequence[Photo]], NDArray[Any]]
"""Gives the probabilities (n, classes) of n photos."""


def split(photos: Sequence[Photo]) -> tuple[list[Photo], list[Photo]]:
    """Take the train and the test photos of each category, whole products at a time."""
    train: list[Photo] = []
    test: list[Photo] = []
    for category in CATEGORIES:
        mine = [photo for photo in photos if photo.source == SOURCE and photo.category == category]
        held = set(sorted({photo.group for photo in mine}, key=digest)[:TEST_PER_CATEGORY])
        test += [photo for photo in mine if photo.group in held]
        train += [photo for photo in mine if photo.group not in held][:TRAIN_PER_CATEGORY]
    return train, test


def labels_of(photos: Sequence[Photo]) -> NDArray[np.int64]:
    """Give each photo's index into the categories."""
    return np.array([CATEGORIES.index(photo.category) for photo in photos])


def sigmoid_cross_entropy(targets: Any, logits: Any) -> Any:
    """Categorical cross-entropy of sigmoids, which Keras first divides by their sum, as in the notebook."""
    return keras.losses.categorical_crossentropy(targets, keras.ops.sigmoid(logits))


def train_seed_cnn(photos: Sequence[Photo], weights: Path) -> Predictor:
    """Train the notebook's network as the notebook did, and save its weights in one file."""
    keras.utils.set_random_seed(SEED)
    shape = INPUT_SHAPES[NetworkName.SEED_CNN]
    targets = make_targets(labels_of(photos), len(CATEGORIES), balanced=False)
    model = build_seed_cnn(len(CATEGORIES))
    model.compile(optimizer="adam", loss=sigmoid_cross_entropy, metrics=["accuracy"])
    batches = ShuffledBatches(read_pictures(photos, shape), targets, BATCH_SIZE, SEED, alter)
    model.fit(batches, epochs=EPOCHS, shuffle=False, verbose=2)
    weights.parent.mkdir(parents=True, exist_ok=True)
    model.save_weights(weights)

    def predict(some: Sequence[Photo]) -> NDArray[Any]:
        sigmoids = 1 / (1 + np.exp(-model.predict(read_pictures(some, shape), batch_size=32, verbose=0)))
        return np.asarray(sigmoids / sigmoids.sum(axis=1, keepdims=True))

    return predict


def train_efficientnet(photos: Sequence[Photo], network: NetworkName) -> Predictor:
    """Make a body and a head from the same photos, some of them held back for validation."""
    shape = INPUT_SHAPES[network]
    config = TrainingConfig.default(CATEGORIES, network)
    groups = np.array([photo.group for photo in photos])
    examples = Examples(
        pictures=read_pictures(photos, shape),
        labels=labels_of(photos),
        splits=np.array([VALIDATION if int(digest(g), 16) % 8 == 0 else TRAIN for g in groups]),
        keys=np.array([photo.key for photo in photos]),
        products=groups,
        sources=np.array([photo.source for photo in photos]),
        groups=groups,
        reviewed=np.zeros(len(photos), np.bool_),
    )
    with tempfile.TemporaryDirectory() as workdir:
        result = train_and_evaluate(config, examples, Path(workdir))
    assert result.embedded is not None
    head = result.embedded.head.head
    classifier = Classifier.load(result.flatbuffer or result.artefact, result.specification, head)
    return lambda some: head.apply(classifier.embed(read_pictures(some, shape))).probabilities


def measure(predict: Predictor, photos: Sequence[Photo]) -> dict[str, Any]:
    """Give accuracy and loss on some photos."""
    labels, probabilities = labels_of(photos), predict(photos)
    accuracy = float(np.mean(probabilities.argmax(axis=1) == labels))
    return {"photos": len(labels), "accuracy": accuracy, "loss": log_loss(probabilities, labels)}


def other_sources(photos: Sequence[Photo], train: Sequence[Photo]) -> dict[str, list[Photo]]:
    """Group the photos of other sources, without products that were trained on; all shops together."""
    known = {photo.group for photo in train}
    sources: dict[str, list[Photo]] = {}
    for photo in photos:
        if photo.source != SOURCE and photo.category in CATEGORIES and photo.group not in known:
            name = "shops" if photo.source.startswith("shops-") else photo.source
            sources.setdefault(name, []).append(photo)
    return sources


def main(
    photos: Annotated[Path, typer.Argument(help="folder with MANIFEST.csv")],
    network: Annotated[NetworkName, typer.Option(help="which network to train")] = NetworkName.SEED_CNN,
    weights: Annotated[Path, typer.Option(help="where to save those of seed_cnn")] = Path(
        "var/benchmarks/seed_cnn.weights.h5"
    ),
    out: Annotated[Path | None, typer.Option(help="write all figures to this JSON file")] = None,
) -> None:
    """Train on the notebook's split and print accuracy and loss, within the source and elsewhere."""
    everything = read_manifest(photos)
    train, test = split(everything)
    started = time.perf_counter()
    if network is NetworkName.SEED_CNN:
        predict = train_seed_cnn(train, weights)
    else:
        predict = train_efficientnet(train, network)
    seconds = time.perf_counter() - started
    figures = {"test": measure(predict, test)}
    figures |= {name: measure(predict, some) for name, some in other_sources(everything, train).items()}
    title = f"{network}, {len(train)} photos, {seconds:.0f} s"
    table = Table("photos of", "photos", "accuracy", "loss", title=title)
    for name, outcome in figures.items():
        table.add_row(name, str(outcome["photos"]), f"{outcome['accuracy']:.4f}", f"{outcome['loss']:.4f}")
    Console().print(table)
    if out:
        document = {"network": network, "train": len(train), "seconds": seconds, "figures": figures}
        out.write_text(json.dumps(document, indent=2))


if __name__ == "__main__":
    typer.run(main)

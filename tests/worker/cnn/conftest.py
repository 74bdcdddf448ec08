from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageDraw

from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.config import INPUT_SHAPES, NetworkName, TrainingConfig
from worker.cnn.pictures.dataset import TEST, TRAIN, VALIDATION, Examples
from worker.cnn.pictures.inputs import fit_picture

if TYPE_CHECKING:
    from worker.cnn.train import TrainingResult

CATEGORIES = ("saree", "jeans", "trousers")
COLOURS = {0: "crimson", 1: "navy", 2: "tan", KNOWN_NEGATIVE: "lime"}
PICTURES_PER_LABEL = {TRAIN: 8, VALIDATION: 4, TEST: 2}


def draw(label: int, generator: np.random.Generator) -> Image.Image:
    """A plain drawing that even a few steps of training can tell by its colour and shape."""
    picture = Image.new("RGB", (120, 160), "white")
    pen = ImageDraw.Draw(picture)
    left, top = (int(x) for x in generator.integers(5, 30, 2))
    if label in {1, 2}:
        pen.rectangle((left, top, left + 35, top + 110), fill=COLOURS[label])
        pen.rectangle((left + 45, top, left + 80, top + 110), fill=COLOURS[label])
    elif label == 0:
        pen.polygon([(left, top), (left + 70, top + 20), (left + 20, top + 120)], fill=COLOURS[label])
    else:
        pen.ellipse((left, top, left + 80, top + 80), fill=COLOURS[label])
    return picture


@pytest.fixture(scope="session")
def drawn_examples() -> Callable[[NetworkName], Examples]:
    def make(network: NetworkName) -> Examples:
        generator = np.random.default_rng(0)
        rows = [
            (label, split)
            for split, count in PICTURES_PER_LABEL.items()
            for label in COLOURS
            for _ in range(count)
        ]
        names = np.array([f"{row:064x}" for row in range(len(rows))])
        return Examples(
            pictures=np.stack(
                [fit_picture(draw(label, generator), INPUT_SHAPES[network]) for label, _ in rows]
            ),
            labels=np.array([label for label, _ in rows]),
            splits=np.array([split for _, split in rows]),
            keys=names,
            products=names,
            sources=np.full(len(rows), "drawn"),
            groups=names,
            reviewed=np.zeros(len(rows), np.bool_),
        )

    return make


@pytest.fixture(scope="session")
def small_config() -> Callable[[NetworkName], TrainingConfig]:
    """Few epochs, where there are any; otherwise the defaults."""

    def make(network: NetworkName) -> TrainingConfig:
        default = TrainingConfig.default(CATEGORIES, network).as_dict()
        return TrainingConfig.from_dict(default | {"epochs": 2, "batch_size": 8})

    return make


@pytest.fixture(scope="session")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workdir")


@pytest.fixture(scope="session")
def trained(
    drawn_examples: Callable[[NetworkName], Examples],
    small_config: Callable[[NetworkName], TrainingConfig],
    workdir: Path,
) -> "TrainingResult":
    """A body and its head, trained once for all tests that only look at them."""
    from worker.cnn.train import train_and_evaluate  # noqa: PLC0415 - TensorFlow takes seconds

    network = NetworkName.EFFICIENTNET_LITE0
    return train_and_evaluate(small_config(network), drawn_examples(network), workdir)

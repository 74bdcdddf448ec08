"""Trains a network on examples, makes its confidences honest, and evaluates it."""

import hashlib
import logging
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.config import INPUT_SHAPES, NetworkName, TrainingConfig
from worker.cnn.errors import ConversionError, ExamplesError
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.calibration import (
    fit_in_distribution_threshold,
    fit_temperature,
    fit_threshold,
    negative_weight,
)
from worker.cnn.figures.evaluate import evaluate
from worker.cnn.figures.metrics import softmax
from worker.cnn.learning.fitting import History
from worker.cnn.learning.trainers import Trained, train_efficientnet, train_seed_cnn
from worker.cnn.learning.workspace import open_workspace
from worker.cnn.pictures.dataset import TEST, VALIDATION, Examples
from worker.cnn.progress import Report, no_report
from worker.cnn.quiet_tensorflow import keras
from worker.cnn.serving.conversion import make_flatbuffer
from worker.cnn.serving.specification import ClassifierSpecification

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingResult:
    """A trained network and all that is known of it.

    Attributes:
        artefact: the `.keras` file's bytes, without optimizer state.
        flatbuffer: what LiteRT classifies with; None where the network could not be converted.
        specification: what the classifier needs beside the artefact.
        metrics: by the split's name, the evaluation as JSON values of the validation split and, where it has
            pictures of the categories, of the test split.
        history: the figures of each epoch.
        seconds: from the start to the saved artefact.
        examples: number of pictures by split and category.
        left_out: the products of the train split that were not trained on, because their labels are suspect.
    """

    artefact: bytes
    flatbuffer: bytes | None
    specification: ClassifierSpecification
    metrics: Mapping[str, Mapping[str, Any]]
    history: History
    seconds: float
    examples: Mapping[str, Mapping[str, int]]
    left_out: tuple[str, ...]


def train_and_evaluate(
    config: TrainingConfig, examples: Examples, workdir: Path, report: Report = no_report
) -> TrainingResult:
    """Train the config's network and measure it on the validation and test splits.

    Args:
        config: the settings; the same config and examples give the same network.
        examples: pictures fitted to the network's input; known negatives set thresholds and teach nothing.
        workdir: a folder for what outlasts the process: features and maps, which any run can use again, the
            state after each epoch, from which the same training goes on after it was killed, and TensorBoard's
            logs. It may be deleted whenever nothing is being trained.
        report: told of each step; if it raises, training stops and the error goes to the caller.

    Raises:
        ExamplesError: the pictures do not fit the network's input, or the labels not the categories.
        EmptyCategoryError: a category has no picture in the train or the validation split.
        BackboneError: the packaged weights are not the expected ones.
        TrainingDivergedError: the loss is no finite number.
    """
    started = time.monotonic()
    examples.require_trainable(config.categories)
    _require_fitted(config, examples)
    keras.utils.clear_session()  # Else a trainer grows with every network that it has built.
    keras.utils.set_random_seed(config.seed)
    train_network = train_seed_cnn if config.network is NetworkName.SEED_CNN else train_efficientnet
    workspace = open_workspace(workdir, config, examples)
    trained = train_network(config, examples, workspace, report)
    artefact, flatbuffer = _save(trained.model), _convert(trained)
    specification = replace(
        _specify(config, trained, hashlib.sha256(artefact).hexdigest()),
        flatbuffer_sha256=None if flatbuffer is None else hashlib.sha256(flatbuffer).hexdigest(),
    )
    workspace.tidy()
    return TrainingResult(
        artefact=artefact,
        flatbuffer=flatbuffer,
        specification=specification,
        metrics=_evaluations(specification, trained),
        history=trained.history,
        seconds=time.monotonic() - started,
        examples=examples.counts(config.categories),
        left_out=trained.left_out,
    )


def _require_fitted(config: TrainingConfig, examples: Examples) -> None:
    shape = INPUT_SHAPES[config.network]
    if examples.pictures.shape[1:3] != (shape.height, shape.width):
        raise ExamplesError(
            f"{config.network} takes pictures of {shape.height}x{shape.width}, got {examples.pictures.shape}"
        )


def _save(model: Any) -> bytes:
    with tempfile.TemporaryDirectory(prefix="vastra-") as folder:
        path = Path(folder, "network.keras")
        model.save(path)
        return path.read_bytes()


def _convert(trained: Trained) -> bytes | None:
    """Make the flatbuffer; a converter's failure must not cost the training, as TensorFlow can serve it too."""
    try:
        return make_flatbuffer(trained.model, trained.held_out.pictures, trained.outputs)
    except ConversionError as error:
        logger.warning("the model version will be served by TensorFlow: %s", error)
        return None


def _specify(config: TrainingConfig, trained: Trained, sha256: str) -> ClassifierSpecification:
    """Fit temperature and thresholds to the validation pictures and the known negatives outside the test."""
    held, outputs = trained.held_out, trained.outputs
    negative = held.labels == KNOWN_NEGATIVE
    validation = (held.splits == VALIDATION) & ~negative
    negative &= held.splits != TEST
    temperature = fit_temperature(outputs.logits[validation], held.labels[validation])
    scores = outputs.in_distribution
    lowest_score = fit_in_distribution_threshold(scores[validation], scores[negative])
    probabilities = softmax(outputs.logits, temperature)
    weights = np.where(negative, negative_weight(int(validation.sum()), int(negative.sum())), 1.0)
    inside = (validation | negative) & (scores >= lowest_score)
    right = probabilities.argmax(axis=1) == held.labels
    return ClassifierSpecification(
        sha256=sha256,
        network=config.network,
        categories=config.categories,
        temperature=temperature,
        threshold=fit_threshold(
            probabilities.max(axis=1)[inside], right[inside], weights[inside], config.target_precision
        ),
        in_distribution_threshold=lowest_score,
    )


def _evaluations(specification: ClassifierSpecification, trained: Trained) -> dict[str, dict[str, Any]]:
    held, outputs = trained.held_out, trained.outputs
    probabilities = softmax(outputs.logits, specification.temperature)
    uncertain = specification.are_uncertain(probabilities.max(axis=1), outputs.in_distribution)
    answers = Answers(probabilities, held.labels, uncertain)
    evaluations = {}
    for split in (VALIDATION, TEST):
        rows = held.splits == split
        if answers.shown[rows].any():
            evaluations[split] = evaluate(answers.select(rows), specification.categories).as_dict()
    return evaluations

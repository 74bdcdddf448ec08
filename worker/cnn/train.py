"""Trains a network on examples, makes its confidences honest, and evaluates it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.config import INPUT_SHAPES, NetworkName, TrainingConfig
from worker.cnn.errors import ExamplesError
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.doubts import CALIBRATION, Judged, describe_calibration, fit_doubts
from worker.cnn.figures.evaluate import evaluate
from worker.cnn.figures.metrics import softmax
from worker.cnn.heads.head_fitting import FittedHead, fit_head
from worker.cnn.learning.embedding import embed_pictures, embedded_examples
from worker.cnn.learning.fitting import History
from worker.cnn.learning.trainers import TrainedWhole, make_body, run_network, train_seed_cnn
from worker.cnn.learning.workspace import open_workspace
from worker.cnn.pictures.dataset import TEST, VALIDATION, Examples
from worker.cnn.progress import Report, no_report
from worker.cnn.quiet_tensorflow import keras
from worker.cnn.serving.inference import IN_DISTRIBUTION, LOGITS
from worker.cnn.serving.saved_networks import SavedNetwork, save_network
from worker.cnn.serving.specification import ClassifierSpecification, specify_body

_COMPARED: Final = 64
"""Pictures on which a flatbuffer is compared with its network."""


@dataclass(frozen=True)
class Embedded:
    """What a network with a body has beside it.

    Attributes:
        head: turns embeddings into labels.
        embeddings: int8 (n, 256), of the examples, in their order.
    """

    head: FittedHead
    embeddings: NDArray[np.int8]


@dataclass(frozen=True)
class TrainingResult:
    """A trained network and all that is known of it.

    Attributes:
        artefact: the `.keras` file's bytes, without optimizer state; of a body, up to the embedding.
        flatbuffer: the same for LiteRT; None where the network could not be converted.
        specification: what the classifier needs beside the artefact.
        metrics: by the split's name, the evaluation as JSON values of the validation split and, where it has
            pictures of the categories, of the test split. Under CALIBRATION, of how many pictures temperature and
            thresholds come.
        history: the figures of each epoch; a frozen backbone has none.
        seconds: from the start to the saved artefact.
        examples: number of pictures by split and category.
        embedded: head and embeddings; None for a network without a body.
    """

    artefact: bytes
    flatbuffer: bytes | None
    specification: ClassifierSpecification
    metrics: Mapping[str, Mapping[str, Any]]
    history: History
    seconds: float
    examples: Mapping[str, Mapping[str, int]]
    embedded: Embedded | None = None


def train_and_evaluate(
    config: TrainingConfig, examples: Examples, workdir: Path, report: Report = no_report
) -> TrainingResult:
    """Train the config's network and measure it on the validation and test splits.

    Args:
        config: the settings; the same config and examples give the same network.
        examples: pictures fitted to the network's input; known negatives set thresholds and teach nothing.
        workdir: a folder for what outlasts the process: the state after each epoch, from which the same training
            goes on after it was killed, and TensorBoard's logs; a body has no epochs. It may be deleted whenever
            nothing is being trained.
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
    if config.network is NetworkName.SEED_CNN:
        result = _train_whole(config, examples, workdir, report)
    else:
        result = _train_with_body(config, examples, report)
    return replace(result, seconds=time.monotonic() - started)


def _require_fitted(config: TrainingConfig, examples: Examples) -> None:
    shape = INPUT_SHAPES[config.network]
    if examples.pictures.shape[1:3] != (shape.height, shape.width):
        raise ExamplesError(
            f"{config.network} takes pictures of {shape.height}x{shape.width}, got {examples.pictures.shape}"
        )


def _train_with_body(config: TrainingConfig, examples: Examples, report: Report) -> TrainingResult:
    body = make_body(config, examples, report)
    compared = np.asarray(examples.pictures[:_COMPARED])
    network = save_network(body, compared, run_network(body, compared, report))
    embeddings = embed_pictures(network.engine(), examples.pictures, report)
    fitted = fit_head(embedded_examples(examples, embeddings), config.categories, config.target_precision)
    return TrainingResult(
        artefact=network.artefact,
        flatbuffer=network.flatbuffer,
        specification=specify_body(network.sha256, network.flatbuffer_sha256, config.network, fitted.head),
        metrics=fitted.metrics,
        history=(),
        seconds=0.0,
        examples=examples.counts(config.categories),
        embedded=Embedded(fitted, embeddings),
    )


def _train_whole(config: TrainingConfig, examples: Examples, workdir: Path, report: Report) -> TrainingResult:
    workspace = open_workspace(workdir, config, examples)
    trained = train_seed_cnn(config, examples, workspace, report)
    workspace.tidy()
    network = save_network(trained.model, trained.held_out.pictures, trained.outputs)
    judged = _judge(trained)
    specification = _specify_whole(config, judged, network)
    return TrainingResult(
        artefact=network.artefact,
        flatbuffer=network.flatbuffer,
        specification=specification,
        metrics=_evaluations(specification, trained) | {CALIBRATION: describe_calibration(judged)},
        history=trained.history,
        seconds=0.0,
        examples=examples.counts(config.categories),
    )


def _judge(trained: TrainedWhole) -> Judged:
    """Give what the network says of the validation pictures and the known negatives outside the test."""
    held, outputs = trained.held_out, trained.outputs
    rows = (held.splits == VALIDATION) | ((held.labels == KNOWN_NEGATIVE) & (held.splits != TEST))
    return Judged(outputs[LOGITS][rows], outputs[IN_DISTRIBUTION][rows], held.labels[rows])


def _specify_whole(config: TrainingConfig, judged: Judged, network: SavedNetwork) -> ClassifierSpecification:
    """Fit temperature and thresholds to what was judged."""
    return ClassifierSpecification(
        sha256=network.sha256,
        network=config.network,
        categories=config.categories,
        **vars(fit_doubts(judged, config.target_precision)),
        flatbuffer_sha256=network.flatbuffer_sha256,
    )


def _evaluations(specification: ClassifierSpecification, trained: TrainedWhole) -> dict[str, dict[str, Any]]:
    held, outputs = trained.held_out, trained.outputs
    probabilities = softmax(outputs[LOGITS], specification.temperature)
    uncertain = specification.are_uncertain(probabilities.max(axis=1), outputs[IN_DISTRIBUTION])
    answers = Answers(probabilities, held.labels, uncertain)
    evaluations = {}
    for split in (VALIDATION, TEST):
        rows = held.splits == split
        if answers.shown[rows].any():
            evaluations[split] = evaluate(answers.select(rows), specification.categories).as_dict()
    return evaluations

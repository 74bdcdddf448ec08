"""How each network is trained."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import KNOWN_NEGATIVE, Pictures
from worker.cnn.config import TrainingConfig
from worker.cnn.learning.augmentation import alter
from worker.cnn.learning.epoch_batches import ShuffledBatches, make_targets
from worker.cnn.learning.features import compile_for_pictures, compute_features
from worker.cnn.learning.fitting import Fitting, History, build_adam, fit
from worker.cnn.learning.workspace import Workspace
from worker.cnn.networks.architectures import assemble_body, assemble_seed_cnn, build_seed_cnn
from worker.cnn.networks.efficientnet import FEATURES, build_backbone
from worker.cnn.networks.projection import fit_projection
from worker.cnn.networks.two_views import VIEWS_OF_A_PICTURE, over_pictures
from worker.cnn.pictures.dataset import TEST, TRAIN, VALIDATION, Examples
from worker.cnn.progress import Progress, Report
from worker.cnn.quiet_tensorflow import keras
from worker.cnn.serving.inference import Outputs

_BATCH_SIZE: Final = 16
"""Pictures in a forward pass that trains nothing."""

PROJECTED: Final = 400
"""Pictures, at most, to which the projection of a frozen backbone is fitted; more of them changed nothing."""


@dataclass(frozen=True)
class TrainedWhole:
    """A trained network without a body, and what it gives for the examples that it was not trained on.

    Attributes:
        model: as it is saved.
        held_out: the examples of the validation and test splits, and all known negatives.
        outputs: the network's outputs for them.
        history: the figures of each epoch.
    """

    model: Any
    held_out: Examples
    outputs: Outputs
    history: History


def make_body(config: TrainingConfig, examples: Examples, report: Report) -> Any:
    """Make the body that is saved: a frozen backbone over both views, and a projection that suits the pictures."""
    sample = _draw(examples.select(examples.splits != TEST), config.seed)
    features = compute_features(config.network, sample.pictures, report)
    backbone = over_pictures(build_backbone(config.network), "backbone")
    joined = (-1, VIEWS_OF_A_PICTURE * FEATURES)
    return assemble_body(
        config.network,
        lambda x: keras.ops.sqrt(keras.ops.reshape(backbone(x), joined)),
        fit_projection(features, config.seed),
    )


def train_seed_cnn(
    config: TrainingConfig, examples: Examples, workspace: Workspace, report: Report
) -> TrainedWhole:
    """Train the notebook's network with its augmentation, keeping the epoch that validation likes best."""
    train, held_out = _divide(examples)
    validation, classes = _validation(held_out), len(config.categories)
    model = build_seed_cnn(classes)
    targets = make_targets(train.labels, classes, balanced=config.balance_classes)
    batches = ShuffledBatches(train.pictures, targets, config.batch_size, config.seed, alter)
    stage = config.network.value
    fitting = Fitting(
        stage=stage,
        epochs=config.epochs,
        optimizer=build_adam(config),
        report=report,
        label_smoothing=config.label_smoothing,
        patience=config.patience,
        checkpoint=workspace.checkpoint(stage),
        logs=workspace.logs,
    )
    history = fit(model, batches, (validation.pictures, np.eye(classes)[validation.labels]), fitting)
    network = assemble_seed_cnn(model)
    return TrainedWhole(network, held_out, run_network(network, held_out.pictures, report), history)


def _draw(examples: Examples, seed: int) -> Examples:
    rows = np.random.default_rng(seed).permutation(len(examples))[:PROJECTED]
    return examples.select(np.sort(rows))


def _divide(examples: Examples) -> tuple[Examples, Examples]:
    """Give what is trained on and what is held out."""
    trained_on = (examples.splits == TRAIN) & (examples.labels != KNOWN_NEGATIVE)
    return examples.select(trained_on), examples.select(~trained_on)


def _is_validation(held_out: Examples) -> NDArray[np.bool_]:
    return np.asarray((held_out.splits == VALIDATION) & (held_out.labels != KNOWN_NEGATIVE))


def _validation(held_out: Examples) -> Examples:
    return held_out.select(_is_validation(held_out))


def run_network(network: Any, pictures: Pictures, report: Report) -> Outputs:
    """Run a network over pictures, uint8 (n, height, width, 3)."""
    forward = compile_for_pictures(network)
    batches: list[Outputs] = []
    for start in range(0, len(pictures), _BATCH_SIZE):
        batch = pictures[start : start + _BATCH_SIZE]
        batches.append({name: np.asarray(array) for name, array in forward(batch).items()})
        report(Progress("evaluate", start + len(batch), len(pictures)))
    return {name: np.concatenate([each[name] for each in batches]) for name in batches[0]}

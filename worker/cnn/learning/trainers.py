"""How each network is trained."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import KNOWN_NEGATIVE, Pictures
from worker.cnn.config import TrainingConfig
from worker.cnn.learning.augmentation import alter
from worker.cnn.learning.epoch_batches import ShuffledBatches, make_targets
from worker.cnn.learning.features import compute_features
from worker.cnn.learning.fine_tuning import fine_tune
from worker.cnn.learning.fitting import Fitting, History, build_adam, fit
from worker.cnn.learning.head_fitting import Labelled, fit_head
from worker.cnn.learning.suspect_labels import suspects_to_leave_out
from worker.cnn.learning.workspace import Workspace
from worker.cnn.networks.architectures import assemble_efficientnet, assemble_seed_cnn, build_seed_cnn
from worker.cnn.networks.efficientnet import build_backbone
from worker.cnn.networks.in_distribution import fit_scorer
from worker.cnn.pictures.dataset import TRAIN, VALIDATION, Examples
from worker.cnn.pictures.views import PLAIN_VIEWS, View
from worker.cnn.progress import Progress, Report
from worker.cnn.quiet_tensorflow import keras, tf
from worker.cnn.serving.inference import Outputs

_BATCH_SIZE: Final = 32
"""Pictures in a forward pass that trains nothing."""


@dataclass(frozen=True)
class Trained:
    """A trained network, and what it gives for the examples that it was not trained on.

    Attributes:
        model: as it is saved.
        held_out: the examples of the validation and test splits, and all known negatives.
        outputs: the network's outputs for them.
        history: the figures of each epoch.
        left_out: the products of the train split that were not trained on, because their labels are suspect.
    """

    model: Any
    held_out: Examples
    outputs: Outputs
    history: History
    left_out: tuple[str, ...] = ()


def train_efficientnet(
    config: TrainingConfig, examples: Examples, workspace: Workspace, report: Report
) -> Trained:
    """Train a backbone's head, and its upper blocks too if the config has `fine_tuning`."""
    train, held_out = _divide(examples)
    features = compute_features(config.network, train, (View.ORIGINAL,), workspace.folder, report)[0]
    left_out = suspects_to_leave_out(features, train)
    train = train.select(~np.isin(train.products, np.array(left_out, dtype=np.str_)))
    if config.fine_tuning is None:
        return replace(_train_head(config, train, held_out, workspace, report), left_out=left_out)
    tuned = fine_tune(config, train, _validation(held_out), workspace, report)
    scorer = fit_scorer(tuned.seen.inputs, tuned.seen.labels, len(config.categories))
    model = assemble_efficientnet(config.network, lambda x: tuned.upper(tuned.lower(x)), tuned.head, scorer)
    return Trained(model, held_out, _outputs(model, held_out.pictures, report), tuned.history, left_out)


def train_seed_cnn(
    config: TrainingConfig, examples: Examples, workspace: Workspace, report: Report
) -> Trained:
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
        optimizer=build_adam(config, len(batches)),
        report=report,
        label_smoothing=config.label_smoothing,
        patience=config.patience,
        checkpoint=workspace.checkpoint(stage),
        logs=workspace.logs,
    )
    history = fit(model, batches, (validation.pictures, np.eye(classes)[validation.labels]), fitting)
    network = assemble_seed_cnn(model)
    return Trained(network, held_out, _outputs(network, held_out.pictures, report), history)


def _train_head(
    config: TrainingConfig, train: Examples, held_out: Examples, workspace: Workspace, report: Report
) -> Trained:
    """Fit a head on the frozen backbone's features; validation chooses among the weight decays."""

    def features(examples: Examples, *views: View) -> Any:
        # Square roots bring the features nearer to normal, which both the head and the score prefer.
        return np.sqrt(compute_features(config.network, examples, views, workspace.folder, report))

    views, held_features = features(train, *PLAIN_VIEWS), features(held_out, View.ORIGINAL)[0]
    seen = Labelled(views.reshape(-1, views.shape[-1]), np.tile(train.labels, len(views)))
    rows = _is_validation(held_out)
    head = fit_head(config, seen, Labelled(held_features[rows], held_out.labels[rows]), report)
    scorer = fit_scorer(seen.inputs, seen.labels, len(config.categories))
    outputs = Outputs(np.asarray(head.model(held_features)), scorer.score(held_features))
    backbone = build_backbone(config.network)
    model = assemble_efficientnet(config.network, lambda x: keras.ops.sqrt(backbone(x)), head.model, scorer)
    return Trained(model, held_out, outputs, head.history)


def _divide(examples: Examples) -> tuple[Examples, Examples]:
    """Give what is trained on and what is held out."""
    trained_on = (examples.splits == TRAIN) & (examples.labels != KNOWN_NEGATIVE)
    return examples.select(trained_on), examples.select(~trained_on)


def _is_validation(held_out: Examples) -> NDArray[np.bool_]:
    return np.asarray((held_out.splits == VALIDATION) & (held_out.labels != KNOWN_NEGATIVE))


def _validation(held_out: Examples) -> Examples:
    return held_out.select(_is_validation(held_out))


def _outputs(network: Any, pictures: Pictures, report: Report) -> Outputs:
    """Run a network over pictures (n, height, width, 3)."""
    forward = tf.function(lambda x: network(x, training=False), reduce_retracing=True)
    logits: list[NDArray[np.float32]] = []
    scores: list[NDArray[np.float32]] = []
    for start in range(0, len(pictures), _BATCH_SIZE):
        batch = pictures[start : start + _BATCH_SIZE]
        result = forward(batch.astype(np.float32))
        logits.append(np.asarray(result["logits"]))
        scores.append(np.asarray(result["in_distribution"]))
        report(Progress("evaluate", start + len(batch), len(pictures)))
    return Outputs(np.concatenate(logits), np.concatenate(scores))

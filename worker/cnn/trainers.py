"""How each network is trained."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from worker.cnn.augmentation import alter
from worker.cnn.batches import Alteration, Batches, make_targets
from worker.cnn.calibration import fit_temperature
from worker.cnn.config import TrainingConfig
from worker.cnn.dataset import KNOWN_NEGATIVE, Examples, Pictures, Split
from worker.cnn.engine import tf
from worker.cnn.features import FeatureCache, compute_features
from worker.cnn.fitting import Fitting, History, fit
from worker.cnn.in_distribution import fit_scorer
from worker.cnn.metrics import Floats, Labels, log_loss, softmax
from worker.cnn.networks import (
    Outputs,
    assemble_efficientnet,
    assemble_seed_cnn,
    build_head,
    build_seed_cnn,
)
from worker.cnn.progress import Progress, Report
from worker.cnn.views import View

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
    """

    model: Any
    held_out: Examples
    outputs: Outputs
    history: History


def train_efficientnet(config: TrainingConfig, examples: Examples, workdir: Path, report: Report) -> Trained:
    """Train a head on the frozen backbone's features; validation chooses among the weight decays."""
    train, held_out = _divide(examples)
    cache = FeatureCache(workdir / "features")
    # Square roots bring the features nearer to normal, which both the head and the score prefer.
    views = np.sqrt(compute_features(train, config.views, cache, report))
    held_features = np.sqrt(compute_features(held_out, (View.ORIGINAL,), cache, report)[0])
    seen = _Labelled(views.reshape(-1, views.shape[-1]), np.tile(train.labels, len(views)))
    head, history = _best_head(config, seen, _validation(held_features, held_out), report)
    scorer = fit_scorer(seen.inputs, seen.labels, len(config.categories))
    outputs = Outputs(np.asarray(head(held_features)), scorer.score(held_features))
    return Trained(assemble_efficientnet(head, scorer), held_out, outputs, history)


def train_seed_cnn(config: TrainingConfig, examples: Examples, workdir: Path, report: Report) -> Trained:
    """Train the notebook's network with its augmentation, keeping the epoch that validation likes best."""
    del workdir  # It has nothing that a later run could use again.
    train, held_out = _divide(examples)
    model = build_seed_cnn(len(config.categories))
    seen, validation = _Labelled(train.pictures, train.labels), _validation(held_out.pictures, held_out)
    history = _fit(model, seen, validation, Fitting(config, "seed_cnn", report), alter)
    network = assemble_seed_cnn(model)
    return Trained(network, held_out, _outputs(network, held_out.pictures, report), history)


@dataclass(frozen=True)
class _Labelled:
    """Pictures or features (n, ...) and their labels (n,)."""

    inputs: Any
    labels: Labels


def _divide(examples: Examples) -> tuple[Examples, Examples]:
    """Give what is trained on and what is held out."""
    trained_on = (examples.splits == Split.TRAIN) & (examples.labels != KNOWN_NEGATIVE)
    return examples.select(trained_on), examples.select(~trained_on)


def _validation(inputs: Any, held_out: Examples) -> _Labelled:
    rows = (held_out.splits == Split.VALIDATION) & (held_out.labels != KNOWN_NEGATIVE)
    return _Labelled(inputs[rows], held_out.labels[rows])


def _best_head(
    config: TrainingConfig, seen: _Labelled, validation: _Labelled, report: Report
) -> tuple[Any, History]:
    """Fit a head with each weight decay; give the one with the lowest validation loss, and all histories."""
    heads: list[tuple[float, Any]] = []
    history: History = ()
    for weight_decay in config.weight_decays:
        head = build_head(len(config.categories), weight_decay)
        history += _fit(head, seen, validation, Fitting(config, f"head {weight_decay:g}", report))
        logits = np.asarray(head(validation.inputs))
        # Scaled, because a head that is merely too sure of itself is mended by its temperature.
        scaled = softmax(logits, fit_temperature(logits, validation.labels))
        heads.append((log_loss(scaled, validation.labels), head))
    return min(heads, key=lambda pair: pair[0])[1], history


def _fit(
    model: Any, seen: _Labelled, validation: _Labelled, fitting: Fitting, alteration: Alteration | None = None
) -> History:
    config = fitting.config
    classes = len(config.categories)
    targets = make_targets(seen.labels, classes, balanced=config.balance_classes)
    batches = Batches(seen.inputs, targets, config.batch_size, config.seed, alteration)
    return fit(model, batches, (validation.inputs, np.eye(classes)[validation.labels]), fitting)


def _outputs(network: Any, pictures: Pictures, report: Report) -> Outputs:
    """Run a network over pictures (n, height, width, 3)."""
    forward = tf.function(lambda x: network(x, training=False), reduce_retracing=True)
    logits: list[Floats] = []
    scores: list[Floats] = []
    for start in range(0, len(pictures), _BATCH_SIZE):
        batch = pictures[start : start + _BATCH_SIZE]
        result = forward(batch.astype(np.float32))
        logits.append(np.asarray(result["logits"]))
        scores.append(np.asarray(result["in_distribution"]))
        report(Progress("evaluate", start + len(batch), len(pictures)))
    return Outputs(np.concatenate(logits), np.concatenate(scores))

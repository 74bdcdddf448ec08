"""Fits the head of a backbone, which takes seconds once the features are known."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from worker.cnn.arrays import Labels
from worker.cnn.config import TrainingConfig
from worker.cnn.figures.calibration import fit_temperature
from worker.cnn.figures.metrics import log_loss, softmax
from worker.cnn.learning.epoch_batches import ShuffledBatches, make_targets
from worker.cnn.learning.fitting import Fitting, History, build_adam, fit
from worker.cnn.networks.architectures import build_head
from worker.cnn.progress import Report


@dataclass(frozen=True)
class Labelled:
    """Pictures or features (n, ...) and their labels (n,)."""

    inputs: Any
    labels: Labels


@dataclass(frozen=True)
class FittedHead:
    """A head, from square roots of features (n, 1280) to logits, and the figures of every fit that was tried."""

    model: Any
    history: History


def fit_head(config: TrainingConfig, seen: Labelled, validation: Labelled, report: Report) -> FittedHead:
    """Fit a head with each of the config's weight decays, and keep the one with the lowest validation loss."""
    classes = len(config.categories)
    targets = make_targets(seen.labels, classes, balanced=config.balance_classes)
    histories: History = ()
    heads: list[tuple[float, Any]] = []
    for weight_decay in config.weight_decays:
        head = build_head(classes, weight_decay)
        batches = ShuffledBatches(seen.inputs, targets, config.batch_size, config.seed)
        fitting = Fitting(
            stage=f"head {weight_decay:g}",
            epochs=config.epochs,
            optimizer=build_adam(config, len(batches)),
            report=report,
            label_smoothing=config.label_smoothing,
        )
        histories += fit(head, batches, (validation.inputs, np.eye(classes)[validation.labels]), fitting)
        logits = np.asarray(head(validation.inputs))
        # Scaled, because a head that is merely too sure of itself is mended by its temperature.
        scaled = softmax(logits, fit_temperature(logits, validation.labels))
        heads.append((log_loss(scaled, validation.labels), head))
    return FittedHead(min(heads, key=lambda pair: pair[0])[1], histories)

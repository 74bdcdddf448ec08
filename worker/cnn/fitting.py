"""Fits a Keras model with early stopping, and tells of every step."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from worker.cnn.batches import Batches
from worker.cnn.config import TrainingConfig
from worker.cnn.engine import keras
from worker.cnn.errors import TrainingDivergedError
from worker.cnn.progress import Progress, Report

History: TypeAlias = tuple[Mapping[str, Any], ...]
"""One entry an epoch: stage, epoch, and loss, accuracy and cross-entropy, of training and of validation."""


@dataclass(frozen=True)
class Fitting:
    """How to fit: the config, and where progress goes. The stage names the fit in progress and history."""

    config: TrainingConfig
    stage: str
    report: Report


def fit(model: Any, train: Batches, validation: tuple[Any, Any], fitting: Fitting) -> History:
    """Fit a model that gives logits, until the last epoch or until the config's patience is at its end.

    Args:
        model: built, not compiled.
        train: shuffled batches.
        validation: inputs and one-hot targets.
        fitting: the settings.

    Raises:
        TrainingDivergedError: the loss is no finite number.
    """
    config = fitting.config
    model.compile(
        optimizer=keras.optimizers.Adam(_learning_rate(config, len(train))),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=config.label_smoothing),
        # The loss holds the weight decay too, which would end training early: this figure does not.
        metrics=["accuracy", keras.metrics.CategoricalCrossentropy(from_logits=True, name="cross_entropy")],
        jit_compile=False,
    )
    reporting = _Reporting(fitting, len(train))
    model.fit(
        train,
        epochs=config.epochs,
        validation_data=validation,
        callbacks=[reporting, *_stopping(config)],
        shuffle=False,  # The batches come shuffled.
        verbose=0,
    )
    return tuple(reporting.history)


def _learning_rate(config: TrainingConfig, batches: int) -> Any:
    if not config.cosine_decay:
        return config.learning_rate
    return keras.optimizers.schedules.CosineDecay(config.learning_rate, config.epochs * batches)


def _stopping(config: TrainingConfig) -> list[Any]:
    if config.patience is None:
        return []
    return [
        keras.callbacks.EarlyStopping(
            "val_cross_entropy", patience=config.patience, mode="min", restore_best_weights=True
        )
    ]


class _Reporting(keras.callbacks.Callback):  # type: ignore[misc]
    """Reports each batch, keeps each epoch's figures, and stops a fit that diverges."""

    def __init__(self, fitting: Fitting, batches: int) -> None:
        super().__init__()
        self.history: list[Mapping[str, Any]] = []
        self._fitting, self._batches = fitting, batches

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        del logs  # Reading them would wait for the batch.
        self._report(len(self.history) * self._batches + batch + 1)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        figures = {name.replace("val_", "validation_"): float(value) for name, value in (logs or {}).items()}
        if not all(map(math.isfinite, figures.values())):
            raise TrainingDivergedError(
                f"the loss must stay a finite number, got {figures} in epoch {epoch + 1}"
            )
        self.history.append({"stage": self._fitting.stage, "epoch": epoch + 1, **figures})
        self._report((epoch + 1) * self._batches)

    def _report(self, done: int) -> None:
        total = self._fitting.config.epochs * self._batches
        metrics = self.history[-1] if self.history else {}
        self._fitting.report(Progress(self._fitting.stage, done, total, metrics))

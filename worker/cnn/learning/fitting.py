"""Fits a Keras model with early stopping, tells of every step, and goes on where a killed process stopped."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from worker.cnn.config import TrainingConfig
from worker.cnn.errors import TrainingDivergedError
from worker.cnn.learning.checkpoint import Checkpoint
from worker.cnn.learning.epoch_batches import EpochBatches
from worker.cnn.learning.event_files import write_scalars
from worker.cnn.progress import Progress, Report
from worker.cnn.quiet_tensorflow import keras

History: TypeAlias = tuple[Mapping[str, Any], ...]
"""One entry an epoch: stage, epoch, and loss, accuracy and cross-entropy, of training and of validation."""

_JUDGE: Final = "validation_cross_entropy"
"""What early stopping goes by; the loss holds the weight decay too, which would end training early."""


@dataclass(frozen=True)
class Fitting:
    """How to fit.

    Attributes:
        stage: names the fit in progress and history.
        epochs: at most so many.
        optimizer: of Keras.
        report: told of each step.
        label_smoothing: share of each target that is spread over all classes, 0 to below 1.
        patience: epochs without a lower validation cross-entropy after which the fit stops; the weights of the
            lowest are kept. None fits for all epochs and keeps the last.
        checkpoint: where an interrupted fit goes on; None for a fit of seconds, which is simply done again,
            and which has no patience.
        logs: a folder for TensorBoard's event files.
    """

    stage: str
    epochs: int
    optimizer: Any
    report: Report
    label_smoothing: float = 0.0
    patience: int | None = None
    checkpoint: Checkpoint | None = None
    logs: Path | None = None


def build_adam(config: TrainingConfig) -> Any:
    """Set Adam up as the config says."""
    return keras.optimizers.Adam(config.learning_rate)


def fit(model: Any, train: EpochBatches, validation: Any, fitting: Fitting) -> History:
    """Fit a model that gives logits, until the last epoch or until the patience is at its end.

    Args:
        model: built, not compiled.
        train: shuffled batches.
        validation: inputs and one-hot targets, or batches of them.
        fitting: the settings.

    Raises:
        TrainingDivergedError: the loss is no finite number.
    """
    model.compile(
        optimizer=fitting.optimizer,
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=fitting.label_smoothing),
        metrics=["accuracy", keras.metrics.CategoricalCrossentropy(from_logits=True, name="cross_entropy")],
        jit_compile=False,
    )
    progress = _Progressing(fitting, train, fitting.checkpoint.restore(model) if fitting.checkpoint else [])
    if progress.is_over():
        # It was killed after its last epoch: only the running mean of the weights is left to be taken over.
        model.optimizer.finalize_variable_values(model.trainable_variables)
    else:
        model.fit(
            train,
            initial_epoch=len(progress.history),
            epochs=fitting.epochs,
            validation_data=validation,
            callbacks=[progress],
            shuffle=False,  # The batches come shuffled.
            verbose=0,
        )
    if fitting.checkpoint and fitting.patience is not None:
        fitting.checkpoint.restore_best(model, progress.best)
    return tuple(progress.history)


class _Progressing(keras.callbacks.Callback):  # type: ignore[misc]
    """Reports each batch, keeps each epoch's figures and state, and ends a fit that diverges or gets no better."""

    def __init__(self, fitting: Fitting, train: EpochBatches, history: list[Mapping[str, Any]]) -> None:
        super().__init__()
        self.history = history
        self._fitting, self._train = fitting, train

    @property
    def best(self) -> int:
        """The number of the epoch with the lowest validation cross-entropy, from 1."""
        return 1 + min(range(len(self.history)), key=lambda place: self.history[place][_JUDGE])

    def is_over(self) -> bool:
        """Say whether there is no further epoch to be fitted."""
        patience, done = self._fitting.patience, len(self.history)
        impatient = patience is not None and done > 0 and done - self.best >= patience
        return done >= self._fitting.epochs or impatient

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        del logs
        self._train.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        del logs  # Reading them would wait for the batch.
        self._report(len(self.history) * len(self._train) + batch + 1)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        figures = {name.replace("val_", "validation_"): float(value) for name, value in (logs or {}).items()}
        if not all(map(math.isfinite, figures.values())):
            raise TrainingDivergedError(
                f"the loss must stay a finite number, got {figures} in epoch {epoch + 1}"
            )
        self.history.append({"stage": self._fitting.stage, "epoch": epoch + 1, **figures})
        if self._fitting.logs:
            write_scalars(self._fitting.logs / self._fitting.stage, epoch + 1, figures)
        if self._fitting.checkpoint:
            self._fitting.checkpoint.save(self.model, self.history, self.best)
        self.model.stop_training = self.is_over()
        self._report((epoch + 1) * len(self._train))

    def _report(self, done: int) -> None:
        total = self._fitting.epochs * len(self._train)
        metrics = self.history[-1] if self.history else {}
        self._fitting.report(Progress(self._fitting.stage, done, total, metrics))

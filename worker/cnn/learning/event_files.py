"""Event files: the figures of each epoch as TensorBoard shows them; writing them needs TensorFlow alone."""

from collections.abc import Mapping
from pathlib import Path

from worker.cnn.quiet_tensorflow import tf


def write_scalars(folder: Path, epoch: int, figures: Mapping[str, float]) -> None:
    """Add an epoch's figures to the event files: each under its name, validation beside training.

    Args:
        folder: gets a folder `train` and one `validation`, each of which is a run to TensorBoard.
        epoch: from 1.
        figures: those of validation begin with `validation_`.
    """
    runs: dict[str, dict[str, float]] = {"train": {}, "validation": {}}
    for name, value in figures.items():
        run = "validation" if name.startswith("validation_") else "train"
        runs[run][name.removeprefix("validation_")] = value
    metadata = tf.compat.v1.SummaryMetadata()
    metadata.plugin_data.plugin_name = "scalars"
    for run, values in runs.items():
        # A writer for each epoch: a run that goes on in another process simply adds a file.
        with tf.summary.create_file_writer(str(folder / run)).as_default():
            for name, value in values.items():
                tf.summary.write(name, tf.constant(value, tf.float32), epoch, metadata)

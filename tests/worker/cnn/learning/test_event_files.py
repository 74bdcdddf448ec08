from pathlib import Path

import pytest

from worker.cnn.learning.event_files import write_scalars
from worker.cnn.quiet_tensorflow import tf

pytestmark = pytest.mark.slow


def test_figures_can_be_read_back_as_tensorboard_does(tmp_path: Path) -> None:
    write_scalars(tmp_path, 1, {"loss": 0.75, "validation_loss": 0.5})
    write_scalars(tmp_path, 2, {"loss": 0.25})
    read = [
        (path.parent.name, event.step, value.tag, float(tf.make_ndarray(value.tensor)))
        for path in sorted(tmp_path.rglob("events.out.*"))
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
        if value.metadata.plugin_data.plugin_name == "scalars"
    ]
    assert sorted(read) == [
        ("train", 1, "loss", 0.75),
        ("train", 2, "loss", 0.25),
        ("validation", 1, "loss", 0.5),
    ]

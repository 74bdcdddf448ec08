from pathlib import Path
from typing import Any

import numpy as np
import pytest

from worker.cnn.learning.checkpoint import Checkpoint
from worker.cnn.quiet_tensorflow import keras

pytestmark = pytest.mark.slow

HISTORY = [{"epoch": 1}, {"epoch": 2}, {"epoch": 3}]


@pytest.fixture
def model() -> Any:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam())
    model.optimizer.build(model.trainable_variables)
    return model


def value(model: Any) -> float:
    return float(np.asarray(model.layers[0].bias)[0])


def set_value(model: Any, number: float) -> None:
    model.layers[0].bias.assign([number])


def test_the_last_and_the_best_state_are_kept(model: Any, tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "state")
    for last in (1, 2, 3):
        set_value(model, last)
        checkpoint.save(model, HISTORY[:last], best=1)
    set_value(model, 0)
    assert checkpoint.restore(model) == HISTORY
    assert value(model) == 3
    checkpoint.restore_best(model, 1)
    assert value(model) == 1
    assert len(list(tmp_path.rglob("*.weights.h5"))) == 2


def test_without_a_state_the_fit_begins_anew(model: Any, tmp_path: Path) -> None:
    assert Checkpoint(tmp_path / "none").restore(model) == []


@pytest.mark.parametrize("damaged", ["state.json", "1.weights.h5"])
def test_a_damaged_state_is_not_used(model: Any, tmp_path: Path, damaged: str) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save(model, HISTORY[:1], best=1)
    (tmp_path / damaged).write_bytes((tmp_path / damaged).read_bytes()[:10])
    assert checkpoint.restore(model) == []


def test_a_process_killed_while_saving_leaves_the_state_before(model: Any, tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path)
    set_value(model, 5)
    checkpoint.save(model, HISTORY[:1], best=1)
    (tmp_path / "2.weights.h5").write_bytes(b"half of")
    assert checkpoint.restore(model) == HISTORY[:1]
    assert value(model) == 5

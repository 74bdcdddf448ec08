import dataclasses
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from worker.cnn.config import NetworkName, TrainingConfig
from worker.cnn.learning.workspace import open_workspace
from worker.cnn.pictures.dataset import Examples

LITE0 = NetworkName.EFFICIENTNET_LITE0


@pytest.fixture
def config(small_config: Callable[[NetworkName], TrainingConfig]) -> TrainingConfig:
    return small_config(LITE0)


@pytest.fixture
def examples(drawn_examples: Callable[[NetworkName], Examples]) -> Examples:
    return drawn_examples(LITE0)


def test_a_run_that_is_sent_again_finds_its_checkpoint(
    config: TrainingConfig, examples: Examples, tmp_path: Path
) -> None:
    again = open_workspace(tmp_path, TrainingConfig.from_dict(config.as_dict()), examples)
    assert again == open_workspace(tmp_path, config, examples)


def test_other_settings_or_examples_are_another_run(
    config: TrainingConfig, examples: Examples, tmp_path: Path
) -> None:
    seeded = dataclasses.replace(config, seed=1)
    names = {
        open_workspace(tmp_path, config, examples).run,
        open_workspace(tmp_path, seeded, examples).run,
        open_workspace(tmp_path, config, examples.positives()).run,
    }
    assert len(names) == 3


def test_a_run_that_is_over_removes_its_checkpoints_and_forgotten_ones(
    config: TrainingConfig, examples: Examples, tmp_path: Path
) -> None:
    workspace = open_workspace(tmp_path, config, examples)
    folders = [tmp_path / "checkpoints" / name for name in (workspace.run, "fresh", "forgotten")]
    for folder in folders:
        folder.mkdir(parents=True)
    long_ago = time.time() - 8 * 24 * 3600
    os.utime(folders[2], (long_ago, long_ago))
    workspace.tidy()
    assert list((tmp_path / "checkpoints").iterdir()) == [folders[1]]

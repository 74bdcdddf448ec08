import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.cnn.config import FineTuning, NetworkName, TrainingConfig
from worker.cnn.learning.fine_tuning import STAGE, balance, draw_pictures, interpolate
from worker.cnn.pictures.dataset import Examples
from worker.cnn.progress import Progress
from worker.cnn.train import TrainingResult, train_and_evaluate

pytestmark = pytest.mark.slow

Draw = Callable[[NetworkName], Examples]
Configure = Callable[[NetworkName], TrainingConfig]

LITE0 = NetworkName.EFFICIENTNET_LITE0


class KilledError(Exception):
    pass


def kill_in_epoch(epoch: int, steps: list[Progress]) -> Callable[[Progress], None]:
    """A report that ends the process, as it were, at the first step after so many whole epochs."""

    def report(progress: Progress) -> None:
        steps.append(progress)
        if progress.stage == STAGE and progress.metrics.get("epoch") == epoch:
            raise KilledError

    return report


@pytest.fixture(scope="module")
def config(small_config: Configure) -> TrainingConfig:
    return dataclasses.replace(small_config(LITE0), fine_tuning=FineTuning(epochs=2, batch_size=8))


@pytest.fixture(scope="module")
def tuned(config: TrainingConfig, drawn_examples: Draw, workdir: Path) -> TrainingResult:
    return train_and_evaluate(config, drawn_examples(LITE0), workdir)


def test_a_fine_tuned_network_tells_the_drawings_apart(tuned: TrainingResult) -> None:
    assert tuned.metrics["test"]["accuracy"] == 1
    assert [(entry["stage"], entry["epoch"]) for entry in tuned.history] == [(STAGE, 1), (STAGE, 2)]
    assert tuned.embedded is not None
    assert tuned.embedded.embeddings.shape == (56, 256)


def test_a_fine_tuning_killed_after_every_epoch_goes_on_and_ends_as_if_it_had_not_been_killed(
    config: TrainingConfig, drawn_examples: Draw, workdir: Path, tuned: TrainingResult
) -> None:
    steps = list[Progress]()
    for epoch in (1, 2):
        with pytest.raises(KilledError):
            train_and_evaluate(config, drawn_examples(LITE0), workdir, kill_in_epoch(epoch, steps))
    again = train_and_evaluate(config, drawn_examples(LITE0), workdir, steps.append)
    done = [step.done for step in steps if step.stage == STAGE]
    assert done == sorted(done)  # no epoch was fitted twice
    assert set(done) == set(range(1, 7))
    assert again.history == tuned.history
    assert again.metrics == tuned.metrics
    assert again.embedded is not None
    assert tuned.embedded is not None
    assert np.array_equal(again.embedded.embeddings, tuned.embedded.embeddings)
    assert not any((workdir / "checkpoints").iterdir())


def test_every_epoch_is_in_the_logs(tuned: TrainingResult, workdir: Path) -> None:
    del tuned
    runs = {path.parent.name for path in (workdir / "logs").rglob("events.out.*") if STAGE in path.parts}
    assert runs == {"train", "validation"}


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc")), min_size=1), st.floats(0, 1))
def test_every_category_is_drawn_as_often(pairs: list[tuple[int, str]], power: float) -> None:
    labels, sources = np.array([label for label, _ in pairs]), np.array([source for _, source in pairs])
    chances = balance(labels, sources, power)
    sums = [chances[labels == label].sum() for label in np.unique(labels)]
    assert sums == pytest.approx([1 / len(sums)] * len(sums))
    assert chances.min() > 0


def test_a_source_weighs_its_size_to_the_power() -> None:
    labels, sources = np.zeros(5, int), np.array(["large"] * 4 + ["small"])
    assert balance(labels, sources, 0.0)[-1] == pytest.approx(1 / 2)
    assert balance(labels, sources, 0.5)[-1] == pytest.approx(1 / 3)
    assert balance(labels, sources, 1.0)[-1] == pytest.approx(1 / 5)


def test_interpolation_lies_between_the_networks() -> None:
    one, other = [np.zeros(2, np.float32)], [np.ones(2, np.float32)]
    assert interpolate(one, other, 0.25)[0].tolist() == [0.25, 0.25]


def test_of_many_pictures_some_of_every_category_are_drawn(drawn_examples: Draw) -> None:
    examples = drawn_examples(LITE0).positives()
    few = draw_pictures(examples, FineTuning(pictures=12), seed=0)
    assert len(few) == len(set(few.keys.tolist())) == 12
    assert set(few.labels.tolist()) == {0, 1, 2}
    assert draw_pictures(examples, FineTuning(), seed=0) is examples

import subprocess
import sys

import numpy as np
import pytest

from worker.cnn.figures.metrics import softmax
from worker.cnn.heads.linear_map import LinearMap
from worker.cnn.heads.logistic import fit_weighted
from worker.cnn.heads.refitting import refit

WEIGHT_DECAY = 3e-4


def test_from_what_was_fitted_before_it_gets_where_the_fit_from_nothing_does() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 400)
    centres = random.normal(scale=12, size=(3, 16))
    inputs = (
        np.round(centres[labels] + random.normal(scale=25, size=(400, 16))).clip(-127, 127).astype(np.int8)
    )
    before = np.where(np.arange(400) < 40, (labels + 1) % 3, labels)  # what the first ones were taken for
    weights = np.where(np.arange(400) < 40, 5.0, 1.0)
    weights /= weights.mean()
    start = fit_weighted(inputs, before, np.ones(400), WEIGHT_DECAY)

    def loss(logits: LinearMap) -> float:
        length = np.sqrt(np.square(inputs.astype(np.float64)).sum(axis=1).mean())
        of_labels = softmax(logits(inputs), 1.0)[np.arange(400), labels]
        penalty = WEIGHT_DECAY / 2 * np.square(logits.kernel * length).sum()
        return float(np.mean(-np.log(of_labels) * weights) + penalty)

    expected, found = (
        fit_weighted(inputs, labels, weights, WEIGHT_DECAY),
        refit(start, inputs, labels, weights, WEIGHT_DECAY),
    )
    assert loss(found) < loss(expected) + 0.01 < loss(start)
    assert (found(inputs).argmax(axis=1) == expected(inputs).argmax(axis=1)).mean() > 0.97


@pytest.mark.slow
def test_it_loads_no_scikit_learn() -> None:
    words = "import sys, worker.learning.provisional_head; sys.exit(bool({'sklearn', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0

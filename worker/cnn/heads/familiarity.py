"""Fits the in-distribution score: how near a picture is to the categories, and how far it leads known negatives.

What is like a known negative is told from the categories by regression, even where it is cut like them; what is like
nothing that was ever seen is told by its distance. Either alone lets through what the other finds.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats, Labels
from worker.cnn.figures.calibration import fit_in_distribution_threshold
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.heads.in_distribution import InDistributionScorer, fit_scorer
from worker.cnn.heads.linear_map import LinearMap
from worker.cnn.heads.logistic import fit_weighted
from worker.cnn.heads.weighting import weigh

FEWEST_NEGATIVES: Final = 30
"""Known negatives from which they teach the score; with ten it does worse than without."""

_WEIGHT_DECAY: Final = 3e-4

_FAR_AHEAD: Final = 1e30
"""The lead of every picture where no known negatives teach: the nearness is then always the lower score."""


@dataclass(frozen=True)
class Alignment:
    """Brings leads to the unit of nearness, so that both threshold at one number: `scale` times, plus `shift`."""

    scale: float = 1.0
    shift: float = 0.0

    def join(self, nearness: Floats, leads: Floats) -> Floats:
        """Give the in-distribution scores (n,): the lower of both."""
        return np.asarray(np.minimum(nearness, self.scale * leads + self.shift))

    def apply(self, leads: LinearMap) -> LinearMap:
        """Give the map whose leads are in the unit of nearness."""
        return LinearMap(leads.kernel * self.scale, leads.bias * self.scale + self.shift)


@dataclass(frozen=True)
class Familiarity:
    """Two scores of embeddings, higher is more like the categories.

    Attributes:
        nearness: relative Mahalanobis distance.
        leads: for each category, how much likelier it is than a known negative, as a difference of logits.
    """

    nearness: InDistributionScorer
    leads: LinearMap

    def score(self, embeddings: NDArray[np.int8]) -> tuple[Floats, Floats]:
        """Give the nearness and the lead of the category that leads most, both (n,), of embeddings (n, width)."""
        return self.nearness.score(embeddings.astype(np.float64)), self.leads(embeddings).max(axis=1)


def teaches_familiarity(examples: EmbeddedExamples) -> bool:
    """Say whether there are known negatives enough, outside the test split, for them to teach the score."""
    return bool(examples.refused.sum() >= FEWEST_NEGATIVES)


def fit_familiarity(examples: EmbeddedExamples, classes: int, *, by_negatives: bool) -> Familiarity:
    """Fit both scores to the pictures outside the test split.

    Args:
        examples: each category is shown by one at least, and so is none, if `by_negatives`.
        classes: number of the categories.
        by_negatives: whether known negatives teach, as a class more of the regression.
    """
    taught = examples.select(examples.taught)
    nearness = fit_scorer(taught.embeddings.astype(np.float64), taught.labels, classes)
    if not by_negatives:
        width = examples.embeddings.shape[1]
        return Familiarity(nearness, LinearMap(np.zeros((width, classes)), np.full(classes, _FAR_AHEAD)))
    judged = examples.select(examples.taught | examples.refused)
    labels = np.where(judged.shown, judged.labels, classes)
    logits = fit_weighted(judged.embeddings, labels, weigh(labels, judged.reviewed), _WEIGHT_DECAY)
    kernel = logits.kernel[:, :classes] - logits.kernel[:, classes:]
    return Familiarity(nearness, LinearMap(kernel, logits.bias[:classes] - logits.bias[classes:]))


def align(nearness: Floats, leads: Floats, labels: Labels) -> Alignment:
    """Fit the alignment to scores (n,) by heads that have not seen the pictures, and to their labels (n,).

    What the nearness would flag without known negatives, and what leads would flag with them, falls under one
    threshold; the middle halves of the categories' pictures are equally wide in both.
    """
    shown = labels >= 0
    near = fit_in_distribution_threshold(nearness[shown], nearness[:0])
    ahead = fit_in_distribution_threshold(leads[shown], leads[~shown])
    widths = [float(np.subtract(*np.quantile(each[shown], [0.75, 0.25]))) for each in (nearness, leads)]
    scale = widths[0] / widths[1] if min(widths) > 0 else 1.0
    return Alignment(scale, near - scale * ahead)

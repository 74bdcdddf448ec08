"""Fits the in-distribution score: by known negatives where there are enough, else by the categories alone."""

from typing import Final

import numpy as np

from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.heads.in_distribution import InDistributionScorer, fit_scorer
from worker.cnn.heads.logistic import fit_weighted
from worker.cnn.heads.weighting import weigh

FEWEST_NEGATIVES: Final = 30
"""Known negatives from which they teach the score. On sources never seen it then flags 73 % of other garments where
5 % of the categories' pictures are lost, against 57 % without; with ten it does worse than without."""

_WEIGHT_DECAY: Final = 1e-4


def teaches_familiarity(examples: EmbeddedExamples) -> bool:
    """Say whether there are known negatives enough, outside the test split, for them to teach the score."""
    return bool(examples.refused.sum() >= FEWEST_NEGATIVES)


def fit_familiarity(examples: EmbeddedExamples, classes: int, *, by_negatives: bool) -> InDistributionScorer:
    """Fit the score to the pictures outside the test split.

    By known negatives it is the logit between pictures of the categories and them, a score as
    `InDistributionScorer` spells it: all projections are one, and nothing is taken off.

    Args:
        examples: each category is shown by one at least, and so is none, if `by_negatives`.
        classes: number of the categories.
        by_negatives: whether known negatives teach the score. Scores of both kinds cannot be compared.
    """
    taught = examples.select(examples.taught)
    if not by_negatives:
        return fit_scorer(taught.embeddings.astype(np.float64), taught.labels, classes)
    judged = examples.select(examples.taught | examples.refused)
    shown = judged.shown.astype(np.int64)
    logits = fit_weighted(judged.embeddings, shown, weigh(shown, judged.reviewed), _WEIGHT_DECAY)
    # Twice the likeliest projection is the score: half a logit each.
    kernel, bias = logits.kernel[:, 1:] - logits.kernel[:, :1], logits.bias[1:] - logits.bias[:1]
    return InDistributionScorer(
        kernel=np.tile(kernel / 2, (1, classes)).astype(np.float32),
        bias=np.tile(bias / 2, classes).astype(np.float32),
        offsets=np.zeros(classes, np.float32),
        spread=np.zeros((classes, classes), np.float32),
    )

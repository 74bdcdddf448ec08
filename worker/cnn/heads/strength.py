"""Judges heads of several strengths on sources that they have not seen, and keeps the best one's answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats
from worker.cnn.figures.calibration import fit_temperature
from worker.cnn.figures.doubts import Judged
from worker.cnn.figures.metrics import log_loss, softmax
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.heads.familiarity import fit_familiarity, teaches_familiarity
from worker.cnn.heads.holding_out import Folds, deal_folds
from worker.cnn.heads.logistic import fit_logistic

WEIGHT_DECAYS: Final = (1e-4, 3e-4, 1e-3)

FEWEST_UNSEEN: Final = 50
"""Pictures of sources held out whole from which they decide alone: of its own sources a head is surer."""


@dataclass(frozen=True)
class HeldOut:
    """What heads say of n pictures that they have not seen.

    Attributes:
        judged: their answers; those of rows that are not `known` mean nothing.
        known: bool (n,), whether the picture could be judged: without its fold, every category was still there.
        unseen: bool (n,), whether the source was held out whole as well.
        weight_decay: the strength of these heads.
    """

    judged: Judged
    known: NDArray[np.bool_]
    unseen: NDArray[np.bool_]
    weight_decay: float

    def deciding(self) -> Judged:
        """Give the answers that decide on temperature and thresholds: of unseen sources, if they are enough."""
        shown = self.judged.labels >= 0
        enough = (self.unseen & shown).sum() >= FEWEST_UNSEEN
        rows = self.known & (self.unseen | ~shown) if enough else self.known
        rows = rows if (rows & shown).any() else np.ones(len(rows), np.bool_)
        return Judged(self.judged.logits[rows], self.judged.in_distribution[rows], self.judged.labels[rows])


def judge_held_out(examples: EmbeddedExamples, classes: int) -> HeldOut:
    """Let heads judge pictures of sources, or at least of groups, that they have not seen.

    The strength with the lowest loss is kept, once its temperature is fitted.

    Args:
        examples: none of the test split; known negatives are judged, and teach the score alone.
        classes: number of the categories.
    """
    folds = deal_folds(examples.labels, examples.sources, examples.groups)
    scores, known = np.zeros(len(examples)), np.zeros(len(examples), np.bool_)
    by_negatives = teaches_familiarity(examples)
    for held_out, seen in _seen(examples, folds, classes):
        scorer = fit_familiarity(seen, classes, by_negatives=by_negatives)
        scores[held_out] = scorer.score(examples.embeddings[held_out].astype(np.float64))
        known[held_out] = True
    unseen = known & folds.whole
    tried = []
    for decay in WEIGHT_DECAYS:
        judged = Judged(_logits(examples, folds, classes, decay), scores, examples.labels)
        tried.append(HeldOut(judged, known, unseen, decay))
    return min(tried, key=_loss)


def _seen(
    examples: EmbeddedExamples, folds: Folds, classes: int
) -> Iterator[tuple[NDArray[np.bool_], EmbeddedExamples]]:
    """Give each fold's mask with the pictures that are left without it; none if a kind of them would be missing.

    Near duplicates of what is held out, which another source may show, are left out as well.
    """
    for held_out in folds:
        is_near = np.isin(examples.groups, examples.groups[held_out])
        seen = examples.select(~is_near)
        missing = classes - len(np.unique(seen.labels[seen.shown]))
        if not missing and (seen.refused.any() or not teaches_familiarity(examples)):
            yield held_out, seen


def _logits(examples: EmbeddedExamples, folds: Folds, classes: int, weight_decay: float) -> Floats:
    logits = np.zeros((len(examples), classes))
    for held_out, seen in _seen(examples, folds, classes):
        taught = seen.select(seen.taught)
        logits[held_out] = fit_logistic(taught, weight_decay)(examples.embeddings[held_out])
    return logits


def _loss(held_out: HeldOut) -> float:
    deciding = held_out.deciding()
    shown = deciding.labels >= 0
    logits, labels = deciding.logits[shown], deciding.labels[shown]
    return log_loss(softmax(logits, fit_temperature(logits, labels)), labels)

"""Judges heads of several strengths on sources that they have not seen, and keeps the best one's answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats, Labels
from worker.cnn.figures.calibration import fit_temperature
from worker.cnn.figures.doubts import Judged
from worker.cnn.figures.metrics import log_loss, softmax
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.heads.familiarity import Alignment, align, fit_familiarity, teaches_familiarity
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
        alignment: of the two parts of their in-distribution score.
    """

    judged: Judged
    known: NDArray[np.bool_]
    unseen: NDArray[np.bool_]
    weight_decay: float
    alignment: Alignment

    def deciding(self) -> Judged:
        """Give the answers that decide on temperature and thresholds: of unseen sources, if they are enough."""
        rows = _deciding(self.judged.labels, self.known, self.unseen)
        return Judged(self.judged.logits[rows], self.judged.in_distribution[rows], self.judged.labels[rows])


def judge_held_out(examples: EmbeddedExamples, classes: int) -> HeldOut:
    """Let heads judge pictures of sources, or at least of groups, that they have not seen.

    The strength with the lowest loss is kept, once its temperature is fitted.

    Args:
        examples: none of the test split; known negatives are judged, and teach the score alone.
        classes: number of the categories.
    """
    folds = deal_folds(examples.labels, examples.sources, examples.groups)
    nearness, leads, known = _scores(examples, folds, classes)
    unseen = known & folds.whole
    rows = _deciding(examples.labels, known, unseen)
    by_negatives = teaches_familiarity(examples)
    alignment = align(nearness[rows], leads[rows], examples.labels[rows]) if by_negatives else Alignment()
    scores = alignment.join(nearness, leads)
    tried = []
    for decay in WEIGHT_DECAYS:
        judged = Judged(_logits(examples, folds, classes, decay), scores, examples.labels)
        tried.append(HeldOut(judged, known, unseen, decay, alignment))
    return min(tried, key=_loss)


def _deciding(labels: Labels, known: NDArray[np.bool_], unseen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    shown = labels >= 0
    enough = (unseen & shown).sum() >= FEWEST_UNSEEN
    rows = known & (unseen | ~shown) if enough else known
    return rows if (rows & shown).any() else np.ones(len(rows), np.bool_)


def _scores(
    examples: EmbeddedExamples, folds: Folds, classes: int
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Give the nearness and the lead of each picture (n,), and whether it could be judged."""
    nearness, leads, known = (
        np.zeros(len(examples)),
        np.zeros(len(examples)),
        np.zeros(len(examples), np.bool_),
    )
    by_negatives = teaches_familiarity(examples)
    for held_out, seen in _seen(examples, folds, classes):
        familiarity = fit_familiarity(seen, classes, by_negatives=by_negatives)
        nearness[held_out], leads[held_out] = familiarity.score(examples.embeddings[held_out])
        known[held_out] = True
    return nearness, leads, known


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

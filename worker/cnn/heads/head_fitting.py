"""Fits a head to labelled embeddings: logistic regression, whose strength and doubts held-out sources decide.

It needs neither TensorFlow nor LiteRT, and takes seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from db.heads import Head
from worker.cnn.arrays import Floats, Labels
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.doubts import CALIBRATION, Doubts, describe_calibration, fit_doubts
from worker.cnn.figures.evaluate import evaluate
from worker.cnn.figures.metrics import softmax
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.heads.familiarity import Familiarity, fit_familiarity, teaches_familiarity
from worker.cnn.heads.linear_map import LinearMap
from worker.cnn.heads.logistic import fit_logistic
from worker.cnn.heads.strength import HeldOut, judge_held_out
from worker.cnn.heads.suspect_labels import Suspicion, find_suspicions
from worker.cnn.pictures.dataset import TEST, VALIDATION


@dataclass(frozen=True)
class FittedHead:
    """A head, and what is known of it.

    Attributes:
        head: categories, logits, temperature, thresholds and in-distribution score.
        metrics: by the split's name, the evaluation as JSON values: of the validation split by heads that have not
            seen the picture's source (or its group, where the source is too large to be left out), of the test
            split, where it has pictures of the categories, by this head. Under CALIBRATION, of how many pictures
            temperature and thresholds come.
        suspicions: the products whose label is probably wrong; those with `left_out` taught nothing.
        weight_decay: the strength that held-out sources chose.
    """

    head: Head
    metrics: Mapping[str, Mapping[str, Any]]
    suspicions: tuple[Suspicion, ...]
    weight_decay: float

    @property
    def left_out(self) -> tuple[str, ...]:
        """Name the products that taught nothing because their labels are suspect, in ascending order."""
        return tuple(sorted(each.product for each in self.suspicions if each.left_out))


def fit_head(
    examples: EmbeddedExamples, categories: Sequence[str], target_precision: float = 0.95
) -> FittedHead:
    """Fit a head to the pictures outside the test split, and measure it.

    Known negatives teach what is none of the categories, and no logit. Strength, temperature and thresholds come
    from what heads say of sources that they have not seen, so that `uncertain` means the same on a shop that is
    new.

    Args:
        examples: labelled embeddings of one body.
        categories: names of the classes, in the order of the labels.
        target_precision: share of claimed labels that shall be right, which sets the threshold.

    Raises:
        EmptyCategoryError: a category has fewer than two products outside the test split.
    """
    examples.require_categories(tuple(categories))
    # Threads of linear algebra wait by spinning: on two busy cores they take five times as long as one alone.
    with threadpool_limits(limits=1):
        return _fit(examples, tuple(categories), target_precision)


def _fit(examples: EmbeddedExamples, names: tuple[str, ...], target_precision: float) -> FittedHead:
    suspicions = find_suspicions(examples.select(examples.taught))
    suspect = np.array([each.product for each in suspicions if each.left_out], dtype=np.str_)
    examples = examples.select(~(examples.taught & np.isin(examples.products, suspect)))
    held_out = judge_held_out(examples.select(examples.splits != TEST), len(names))
    taught, deciding = examples.select(examples.taught), held_out.deciding()
    familiarity = fit_familiarity(examples, len(names), by_negatives=teaches_familiarity(examples))
    head = _join(
        names,
        fit_logistic(taught, held_out.weight_decay),
        replace(familiarity, leads=held_out.alignment.apply(familiarity.leads)),
        fit_doubts(deciding, target_precision),
    )
    metrics = _evaluations(head, examples, held_out) | {CALIBRATION: describe_calibration(deciding)}
    return FittedHead(head, metrics, suspicions, held_out.weight_decay)


def _join(categories: tuple[str, ...], logits: LinearMap, familiarity: Familiarity, doubts: Doubts) -> Head:
    nearness, leads = familiarity.nearness, familiarity.leads
    return Head(
        categories=categories,
        kernel=logits.kernel.astype(np.float32),
        bias=logits.bias.astype(np.float32),
        temperature=doubts.temperature,
        threshold=doubts.threshold,
        in_distribution_threshold=doubts.in_distribution_threshold,
        projection=nearness.kernel,
        projection_bias=nearness.bias,
        offsets=nearness.offsets,
        spread=nearness.spread,
        lead_kernel=leads.kernel.astype(np.float32),
        lead_bias=leads.bias.astype(np.float32),
    )


def _evaluations(head: Head, examples: EmbeddedExamples, held_out: HeldOut) -> dict[str, dict[str, Any]]:
    outside, test = examples.select(examples.splits != TEST), examples.select(examples.splits == TEST)
    said = head.apply(test.embeddings)
    judged = held_out.judged
    probabilities = softmax(judged.logits, head.temperature)
    answers = {
        VALIDATION: _answers(head, probabilities, judged.in_distribution, judged.labels).select(
            outside.validation & held_out.known
        ),
        TEST: _answers(head, said.probabilities, said.in_distribution, test.labels),
    }
    return {
        split: evaluate(theirs, head.categories).as_dict()
        for split, theirs in answers.items()
        if theirs.shown.any()
    }


def _answers(head: Head, probabilities: Floats, in_distribution: Floats, labels: Labels) -> Answers:
    confidence = probabilities.max(axis=1)
    return Answers(probabilities, labels, head.are_uncertain(confidence, in_distribution))

"""Measures how much accuracy a classifier loses when pictures vary, and how it fares where categories look alike."""

from collections import Counter
from collections.abc import Mapping
from itertools import product
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats, Labels, Pictures
from worker.cnn.errors import ExamplesError
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.intervals import mean_intervals
from worker.cnn.figures.metrics import category_scores, error_matrix, macro_f1
from worker.cnn.figures.robustness_scores import (
    LookAlikes,
    PointsLost,
    Robustness,
    Score,
    VariationScore,
    VariedScore,
)
from worker.cnn.pictures.canvases import fit_canvases
from worker.cnn.pictures.dataset import Examples
from worker.cnn.pictures.variation_kinds import Variation
from worker.cnn.pictures.variations import STRENGTHS, vary
from worker.cnn.progress import Progress, Report, no_report
from worker.cnn.serving.classifier import Classifier, gather_answers

LOOK_ALIKE_SHARE: Final = 0.1
"""The look-alikes are this share of the pictures, those whose two likeliest categories are nearest to each other."""


def choose_sample(labels: NDArray[Any], keys: NDArray[np.str_], size: int) -> NDArray[np.int64]:
    """Choose up to `size` rows, of each label as large a share as of every other; ascending (m,).

    The first `size` by how far they come in the order of their label's keys: the same rows for the same
    pictures, a larger sample contains a smaller one, and no label is missed that there is room for.
    """
    place = np.empty(len(labels))
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        place[rows[np.argsort(keys[rows], kind="stable")]] = np.arange(len(rows)) / len(rows)
    return np.sort(np.lexsort((keys, place))[:size])


def measure_robustness(classifier: Classifier, examples: Examples, report: Report = no_report) -> Robustness:
    """Classify the examples of the categories as they are and in every variation and strength.

    What is lost is measured on the same pictures, hence as a mean of differences, and its interval comes from
    resampling products. Known negatives are not varied: they are the clutter behind the others. Without any, the
    pictures are each other's clutter.

    Args:
        classifier: may abstain; its likeliest category counts even so, except in `coverage` and
            `claimed_accuracy`.
        examples: of any split; their pictures are canvases for the classifier's input.
        report: called after each variation and strength with how many pictures are classified.

    Raises:
        ExamplesError: no example shows a category.
    """
    sample, negatives = examples.positives(), examples.negatives()
    if not len(sample):
        raise ExamplesError(f"robustness needs pictures of the categories, got {len(negatives)} negatives")
    pictures = np.asarray(sample.pictures)
    clutter = np.asarray(negatives.pictures) if len(negatives) else pictures
    clean = _answer(classifier, pictures, sample.labels)
    varied: dict[tuple[Variation, int], Answers] = {}
    for variation, strength in product(Variation, STRENGTHS):
        varied[variation, strength] = _answer(
            classifier, vary(pictures, variation, strength, sample.keys, clutter), sample.labels
        )
        done = (1 + len(varied)) * len(sample)
        report(Progress("robustness", done, (1 + len(Variation) * len(STRENGTHS)) * len(sample)))
    return Robustness(
        pictures=len(sample),
        clean=_score(clean),
        variations=_compare(clean, varied, sample),
        look_alikes=_look_alikes(clean, classifier.specification.categories),
    )


def _score(answers: Answers) -> Score:
    matrix = error_matrix(answers.labels, answers.likeliest, answers.probabilities.shape[1])
    return Score(
        accuracy=answers.accuracy,
        macro_f1=macro_f1(category_scores(matrix)),
        coverage=float((~answers.uncertain).mean()),
        claimed_accuracy=answers.claimed_accuracy,
    )


def _answer(classifier: Classifier, pictures: Pictures, labels: Labels) -> Answers:
    specification = classifier.specification
    fitted = fit_canvases(pictures, specification.input_shape)
    return gather_answers(classifier.classify(fitted), labels, specification.categories)


def _compare(
    clean: Answers, varied: Mapping[tuple[Variation, int], Answers], sample: Examples
) -> dict[Variation, VariationScore]:
    lost = np.stack([_points_lost(clean, answers) for answers in varied.values()], axis=1)
    means = lost.reshape(len(sample), len(Variation), len(STRENGTHS)).mean(axis=2)
    by_cell = dict(zip(varied, _with_intervals(lost, sample.products), strict=True))
    by_variation = zip(Variation, _with_intervals(means, sample.products), strict=True)
    return {
        variation: VariationScore(
            {
                strength: VariedScore(_score(varied[variation, strength]), by_cell[variation, strength])
                for strength in STRENGTHS
            },
            mean,
        )
        for variation, mean in by_variation
    }


def _points_lost(clean: Answers, varied: Answers) -> Floats:
    """Give 100 for each picture that only the variation gets wrong, -100 for one that only it gets right."""
    return 100.0 * (clean.right.astype(float) - varied.right)


def _with_intervals(lost: Floats, products: NDArray[np.str_]) -> list[PointsLost]:
    """Give the mean of each column of (n, columns), with its interval."""
    return [
        PointsLost(float(mean), interval.low, interval.high)
        for mean, interval in zip(lost.mean(axis=0), mean_intervals(lost, products), strict=True)
    ]


def _look_alikes(clean: Answers, categories: tuple[str, ...]) -> LookAlikes:
    ascending = np.sort(clean.probabilities, axis=1)
    margins = ascending[:, -1] - ascending[:, -2]
    rows = np.argsort(margins, kind="stable")[: ceil(LOOK_ALIKE_SHARE * len(clean))]
    answers = clean.select(rows)
    likeliest = np.sort(answers.probabilities.argsort(axis=1)[:, -2:], axis=1)
    pairs = Counter(" or ".join(categories[column] for column in pair) for pair in likeliest.tolist())
    return LookAlikes(len(rows), _score(answers), dict(pairs.most_common()))

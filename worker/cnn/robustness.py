"""Measures how much accuracy a classifier loses when pictures vary, and how it fares where categories look alike."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import product
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats, Labels, Pictures
from worker.cnn.errors import ExamplesError
from worker.cnn.figures.intervals import mean_intervals
from worker.cnn.figures.metrics import category_scores, error_matrix
from worker.cnn.pictures.dataset import Examples
from worker.cnn.pictures.variations import STRENGTHS, Variation, vary
from worker.cnn.progress import Progress, Report, no_report
from worker.cnn.serving.classifier import Classifier

LOOK_ALIKE_SHARE: Final = 0.1
"""The look-alikes are this share of the pictures, those whose two likeliest categories are nearest to each other."""


@dataclass(frozen=True)
class Score:
    """What a classifier's answers are worth; shares, 0 to 1, that mean what they mean in an Evaluation."""

    accuracy: float
    macro_f1: float
    coverage: float
    claimed_accuracy: float | None


@dataclass(frozen=True)
class PointsLost:
    """How much accuracy is lost against the same pictures as they are, in percentage points; below 0: gained.

    Attributes:
        points: the loss.
        low: lower end of its 95 % interval, by a paired bootstrap over products.
        high: upper end.
    """

    points: float
    low: float
    high: float


@dataclass(frozen=True)
class VariedScore:
    """The score under a variation of one strength, and what it loses."""

    score: Score
    lost: PointsLost


@dataclass(frozen=True)
class VariationScore:
    """The scores under a variation by strength, and what it loses in the mean over its strengths."""

    strengths: Mapping[int, VariedScore]
    lost: PointsLost


@dataclass(frozen=True)
class LookAlikes:
    """How the pictures fare that show where categories look alike: the tenth with the smallest margin.

    They are chosen by the classifier's own doubt, so that much of what it gets wrong is among them.

    Attributes:
        pictures: how many they are.
        score: theirs, as they are.
        pairs: how many lie between which two categories, the commonest pair first.
    """

    pictures: int
    score: Score
    pairs: Mapping[str, int]


@dataclass(frozen=True)
class Robustness:
    """How a classifier holds on some pictures.

    Attributes:
        pictures: how many were varied.
        clean: the score on them as they are.
        variations: the scores by variation.
        look_alikes: apart from these, for they are chosen and not drawn.
    """

    pictures: int
    clean: Score
    variations: Mapping[Variation, VariationScore]
    look_alikes: LookAlikes

    @property
    def ranking(self) -> tuple[Variation, ...]:
        """Name the variations, the one that loses most in the mean over its strengths first.

        As the largest of several, its loss is rather too large than too small; its interval ignores that.
        """
        return tuple(sorted(self.variations, key=lambda variation: -self.variations[variation].lost.points))

    def as_dict(self) -> dict[str, Any]:
        """Give every figure as JSON values, the first of the ranking under `worst`."""
        worst = self.ranking[0]
        return {
            "pictures": self.pictures,
            "clean": asdict(self.clean),
            "variations": {
                variation.value: {
                    "lost": asdict(scores.lost),
                    "strengths": {
                        str(strength): asdict(varied.score) | {"lost": asdict(varied.lost)}
                        for strength, varied in scores.strengths.items()
                    },
                }
                for variation, scores in self.variations.items()
            },
            "worst": {"variation": worst.value, "lost": asdict(self.variations[worst].lost)},
            "look_alikes": {
                "pictures": self.look_alikes.pictures,
                **asdict(self.look_alikes.score),
                "pairs": dict(self.look_alikes.pairs),
            },
        }


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
        examples: of any split.
        report: called after each variation and strength with how many pictures are classified.

    Raises:
        ExamplesError: no example shows a category.
    """
    sample, negatives = examples.positives(), examples.negatives()
    if not len(sample):
        raise ExamplesError(f"robustness needs pictures of the categories, got {len(negatives)} negatives")
    pictures = np.asarray(sample.pictures)
    clutter = np.asarray(negatives.pictures) if len(negatives) else pictures
    clean = _answer(classifier, pictures)
    varied: dict[tuple[Variation, int], _Answers] = {}
    for variation, strength in product(Variation, STRENGTHS):
        varied[variation, strength] = _answer(
            classifier, vary(pictures, variation, strength, sample.keys, clutter)
        )
        done = (1 + len(varied)) * len(sample)
        report(Progress("robustness", done, (1 + len(Variation) * len(STRENGTHS)) * len(sample)))
    return Robustness(
        pictures=len(sample),
        clean=clean.score(sample.labels),
        variations=_compare(clean, varied, sample),
        look_alikes=_look_alikes(clean, sample.labels, classifier.specification.categories),
    )


@dataclass(frozen=True)
class _Answers:
    """Calibrated probabilities (n, classes), and whether a label is claimed, (n,)."""

    probabilities: Floats
    claimed: NDArray[np.bool_]

    def right(self, labels: Labels) -> NDArray[np.bool_]:
        return np.asarray(self.probabilities.argmax(axis=1) == labels)

    def score(self, labels: Labels) -> Score:
        right, classes = self.right(labels), self.probabilities.shape[1]
        scores = category_scores(error_matrix(labels, self.probabilities.argmax(axis=1), classes))
        return Score(
            accuracy=float(right.mean()),
            macro_f1=float(np.mean([score.f1 for score in scores])),
            coverage=float(self.claimed.mean()),
            claimed_accuracy=float(right[self.claimed].mean()) if self.claimed.any() else None,
        )


def _answer(classifier: Classifier, pictures: Pictures) -> _Answers:
    predictions = classifier.classify(pictures)
    names = classifier.specification.categories
    return _Answers(
        np.array([[prediction.probabilities[name] for name in names] for prediction in predictions]),
        np.array([not prediction.uncertain for prediction in predictions]),
    )


def _compare(
    clean: _Answers, varied: Mapping[tuple[Variation, int], _Answers], sample: Examples
) -> dict[Variation, VariationScore]:
    lost = np.stack([_points_lost(clean, answers, sample.labels) for answers in varied.values()], axis=1)
    means = lost.reshape(len(sample), len(Variation), len(STRENGTHS)).mean(axis=2)
    by_cell = dict(zip(varied, _with_intervals(lost, sample.products), strict=True))
    by_variation = zip(Variation, _with_intervals(means, sample.products), strict=True)
    return {
        variation: VariationScore(
            {
                strength: VariedScore(
                    varied[variation, strength].score(sample.labels), by_cell[variation, strength]
                )
                for strength in STRENGTHS
            },
            mean,
        )
        for variation, mean in by_variation
    }


def _points_lost(clean: _Answers, varied: _Answers, labels: Labels) -> Floats:
    """Give 100 for each picture that only the variation gets wrong, -100 for one that only it gets right."""
    return 100.0 * (clean.right(labels).astype(float) - varied.right(labels))


def _with_intervals(lost: Floats, products: NDArray[np.str_]) -> list[PointsLost]:
    """Give the mean of each column of (n, columns), with its interval."""
    return [
        PointsLost(float(mean), interval.low, interval.high)
        for mean, interval in zip(lost.mean(axis=0), mean_intervals(lost, products), strict=True)
    ]


def _look_alikes(clean: _Answers, labels: Labels, categories: tuple[str, ...]) -> LookAlikes:
    ascending = np.sort(clean.probabilities, axis=1)
    margins = ascending[:, -1] - ascending[:, -2]
    rows = np.argsort(margins, kind="stable")[: ceil(LOOK_ALIKE_SHARE * len(labels))]
    answers = _Answers(clean.probabilities[rows], clean.claimed[rows])
    likeliest = np.sort(answers.probabilities.argsort(axis=1)[:, -2:], axis=1)
    pairs = Counter(" or ".join(categories[column] for column in pair) for pair in likeliest.tolist())
    return LookAlikes(len(rows), answers.score(labels[rows]), dict(pairs.most_common()))

"""Evaluates predictions against labels; every figure that a report shows comes from here."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from worker.cnn.errors import ExamplesError
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.metrics import (
    CategoryScore,
    category_scores,
    error_matrix,
    expected_calibration_error,
    log_loss,
    macro_f1,
)


@dataclass(frozen=True)
class Evaluation:
    """What predictions are worth on some pictures; all shares are 0 to 1.

    Attributes:
        pictures: how many show a category; the figures below are of these unless they say otherwise.
        accuracy: share whose likeliest category is right, claimed or not.
        loss: mean negative log likelihood.
        macro_f1: mean F1 over the categories that some picture shows.
        categories: precision, recall, F1 and support by category.
        error_matrix: counts by true category (rows) and likeliest category (columns), in the order of
            `categories`.
        expected_calibration_error: in 15 bins.
        coverage: share whose label is claimed, that is, not uncertain.
        claimed_accuracy: share of right ones among the claimed; None where nothing is claimed.
        negatives: how many known negatives there are beside the pictures.
        negatives_flagged: share of them that is uncertain; None where there are none.
    """

    pictures: int
    accuracy: float
    loss: float
    macro_f1: float
    categories: Mapping[str, CategoryScore]
    error_matrix: tuple[tuple[int, ...], ...]
    expected_calibration_error: float
    coverage: float
    claimed_accuracy: float | None
    negatives: int
    negatives_flagged: float | None

    def as_dict(self) -> dict[str, Any]:
        """Give every figure as JSON values."""
        return asdict(self) | {"error_matrix": [list(row) for row in self.error_matrix]}


def evaluate(answers: Answers, categories: Sequence[str]) -> Evaluation:
    """Evaluate answers; `categories` names the classes in their order.

    Raises:
        ExamplesError: no picture shows a category, so there is nothing to be right about.
    """
    shown, negatives = answers.select(answers.shown), answers.select(~answers.shown)
    if not len(shown):
        raise ExamplesError(f"evaluation needs pictures of the categories, got {len(negatives)} negatives")
    matrix = error_matrix(shown.labels, shown.likeliest, len(categories))
    scores = category_scores(matrix)
    return Evaluation(
        pictures=len(shown),
        accuracy=shown.accuracy,
        loss=log_loss(shown.probabilities, shown.labels),
        macro_f1=macro_f1(scores),
        categories=dict(zip(categories, scores, strict=True)),
        error_matrix=tuple(tuple(row) for row in matrix.tolist()),
        expected_calibration_error=expected_calibration_error(shown.confidence, shown.right),
        coverage=float((~shown.uncertain).mean()),
        claimed_accuracy=shown.claimed_accuracy,
        negatives=len(negatives),
        negatives_flagged=float(negatives.uncertain.mean()) if len(negatives) else None,
    )

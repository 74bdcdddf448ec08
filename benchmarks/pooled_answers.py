"""Answers to photos of sources that were held out, pooled, and every figure that is counted from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.embedded_photos import CATALOGUE, EmbeddedPhotos, fold_of
from db.heads import Head
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.curves import accuracy_coverage_curve
from worker.cnn.figures.evaluate import evaluate

RIGHT: Final = 0.98
"""Share of right claims at which coverage is compared."""

NEAR: Final[Mapping[str, tuple[str, ...]]] = {
    "track pants": ("other/track-pants-men",),
    "cargo trousers, joggers": ("other/cargo-joggers",),
    "leggings, capris": ("other/leggings", "other/capris-women"),
    "shorts": ("other/shorts-men",),
}
"""Other garments that are cut like trousers."""


@dataclass(frozen=True)
class PooledAnswers:
    """What heads say of n photos that they have not seen.

    Attributes:
        answers: their probabilities, the labels, and what is uncertain.
        inside: bool (n,), whether the in-distribution score is over its threshold.
        classes: str (n,), as the manifest has them; likewise `sources`, and `units`, the groups.
    """

    answers: Answers
    inside: NDArray[np.bool_]
    classes: NDArray[np.str_]
    sources: NDArray[np.str_]
    units: NDArray[np.str_]

    @classmethod
    def of_head(
        cls, head: Head, photos: EmbeddedPhotos, embeddings: NDArray[np.int8], labels: NDArray[np.int64]
    ) -> Self:
        """Ask a head about photos (n,)."""
        said = head.apply(embeddings)
        confidence = said.probabilities.max(axis=1)
        uncertain = head.are_uncertain(confidence, said.in_distribution)
        return cls(
            answers=Answers(said.probabilities, labels, uncertain),
            inside=said.in_distribution >= head.in_distribution_threshold,
            classes=photos.classes,
            sources=photos.sources,
            units=photos.manifest_groups,
        )

    @classmethod
    def pool(cls, parts: Sequence[Self]) -> Self:
        """Join the answers of several heads."""
        answers = [part.answers for part in parts]
        joined: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("inside", "classes", "sources", "units")
        }
        pooled = {name: np.concatenate([vars(each)[name] for each in answers]) for name in vars(answers[0])}
        return cls(answers=Answers(**pooled), **joined)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Keep the rows of a mask or of an index array."""
        return type(self)(
            self.answers.select(rows),
            self.inside[rows],
            self.classes[rows],
            self.sources[rows],
            self.units[rows],
        )

    def figures(self, categories: Sequence[str]) -> dict[str, float | None]:
        """Give every figure by name, shares from 0 to 1; None where there is nothing to take a share of."""
        if not self.answers.shown.any():
            return {}
        found, everywhere = evaluate(self.answers, categories), np.ones_like(self.inside)
        figures: dict[str, float | None] = {
            "accuracy, pooled": found.accuracy,
            "accuracy without the catalogue": self._accuracy_without_catalogue(),
            "accuracy, mean over sources": self._mean_over_sources(),
            "macro-F1": found.macro_f1,
        }
        figures |= {
            f"F1 {name}": score.f1 if score.support else None for name, score in found.categories.items()
        }
        figures |= {
            "calibration error": found.expected_calibration_error,
            "coverage": found.coverage,
            "accuracy of claims": found.claimed_accuracy,
            f"coverage at {RIGHT} right": self._coverage_at_right(self.inside, everywhere),
            "... by confidence alone": self._coverage_at_right(everywhere, everywhere),
            "... so, without the catalogue": self._coverage_at_right(everywhere, self.folds != CATALOGUE),
            "other garments flagged": found.negatives_flagged,
        }
        return figures | {f"... {name}": self._flagged(classes) for name, classes in NEAR.items()}

    def accuracies(self, names: NDArray[np.str_]) -> dict[str, tuple[float, int]]:
        """Give the accuracy, and the number of photos of the categories, by a name of each photo (n,)."""
        shown, right = self.answers.shown, self.answers.right
        return {
            name: (float(right[rows].mean()), int(rows.sum()))
            for name in np.unique(names).tolist()
            if (rows := shown & (names == name)).any()
        }

    @property
    def folds(self) -> NDArray[np.str_]:
        """The fold of each photo (n,)."""
        return np.array([fold_of(source) for source in self.sources.tolist()])

    def _accuracy_without_catalogue(self) -> float | None:
        rows = self.answers.shown & (self.folds != CATALOGUE)
        return float(self.answers.right[rows].mean()) if rows.any() else None

    def _mean_over_sources(self) -> float:
        return fmean(accuracy for accuracy, _ in self.accuracies(self.sources).values())

    def _coverage_at_right(self, claimable: NDArray[np.bool_], asked: NDArray[np.bool_]) -> float:
        """Give the largest share of those asked (n,) that could be claimed, and 98 % of it right, surest first."""
        rows = asked & self.answers.shown
        theirs = self.answers.select(rows)
        curve = accuracy_coverage_curve(theirs.confidence, theirs.right, claimable[rows])
        return max((point.coverage for point in curve if point.accuracy >= RIGHT), default=0.0)

    def _flagged(self, classes: Sequence[str]) -> float | None:
        rows = np.isin(self.classes, classes)
        return float(self.answers.uncertain[rows].mean()) if rows.any() else None

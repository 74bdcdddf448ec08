"""How a classifier holds when pictures vary, as values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from worker.cnn.pictures.variation_kinds import Variation


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

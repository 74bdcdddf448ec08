import json
from collections import Counter
from dataclasses import dataclass
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.config import NetworkName
from worker.cnn.errors import ExamplesError
from worker.cnn.figures.robustness_scores import Robustness
from worker.cnn.pictures.dataset import Examples
from worker.cnn.pictures.variation_kinds import Variation
from worker.cnn.pictures.variations import STRENGTHS
from worker.cnn.progress import Progress
from worker.cnn.robustness import choose_sample, measure_robustness
from worker.cnn.serving.classifier import Classifier
from worker.cnn.serving.inference import IN_DISTRIBUTION, LOGITS, Outputs
from worker.cnn.serving.specification import ClassifierSpecification

CATEGORIES = ("dark", "middle", "light")
SIDE = 24


def judge_by_brightness(pictures: np.ndarray) -> Outputs:
    """Look at the mean brightness alone, so that light is what confuses it; doubt what lies between."""
    distances = np.abs(pictures.mean(axis=(1, 2, 3))[:, None] - (60, 120, 180))
    scores = np.ones(len(pictures), np.float32)
    return {LOGITS: (-distances / 20).astype(np.float32), IN_DISTRIBUTION: scores}


def by_brightness() -> Classifier:
    specification = ClassifierSpecification("0" * 64, NetworkName.SEED_CNN, CATEGORIES, 1.0, 0.85, 0.0)
    classifier = Classifier(judge_by_brightness, specification)
    classifier._shape = (SIDE, SIDE, 3)  # no network takes pictures so small, which spare a minute
    return classifier


def examples(labels: list[int]) -> Examples:
    """Plain pictures, two of each product, between whose brightnesses some distance lies."""
    generator = np.random.default_rng(0)
    grey = {KNOWN_NEGATIVE: 250, 0: 60, 1: 120, 2: 180}
    pictures = np.stack(
        [
            np.clip(grey[label] + generator.normal(0, 12) + generator.normal(0, 5, (SIDE, SIDE, 3)), 0, 255)
            for label in labels
        ]
    ).astype(np.uint8)
    return Examples(
        pictures=pictures,
        labels=np.array(labels),
        splits=np.full(len(labels), "test"),
        keys=np.array([f"{row:064x}" for row in range(len(labels))]),
        products=np.array([str(row // 2) for row in range(len(labels))]),
        sources=np.full(len(labels), "drawn"),
        groups=np.array([str(row // 2) for row in range(len(labels))]),
        reviewed=np.zeros(len(labels), dtype=bool),
    )


@dataclass
class Measured:
    robustness: Robustness
    steps: list[Progress]


@pytest.fixture(scope="module")
def measured() -> Measured:
    steps: list[Progress] = []
    found = measure_robustness(by_brightness(), examples([0, 1, 2, KNOWN_NEGATIVE] * 16), steps.append)
    return Measured(found, steps)


def test_every_variation_is_scored_at_every_strength_on_the_pictures_of_the_categories(
    measured: Measured,
) -> None:
    found = measured.robustness
    assert found.pictures == 48
    assert list(found.variations) == list(Variation)
    assert all(tuple(each.strengths) == STRENGTHS for each in found.variations.values())
    assert found.clean.accuracy > 0.95


def test_a_loss_is_the_difference_of_the_accuracies_within_its_interval(measured: Measured) -> None:
    found = measured.robustness
    for each in found.variations.values():
        losses = []
        for varied in each.strengths.values():
            lost = varied.lost
            assert lost.points == pytest.approx(100 * (found.clean.accuracy - varied.score.accuracy))
            assert lost.low <= lost.points <= lost.high
            losses.append(lost.points)
        assert each.lost.points == pytest.approx(np.mean(losses))
        assert each.lost.low <= each.lost.points <= each.lost.high


def test_the_variation_that_a_classifier_depends_on_is_the_worst(measured: Measured) -> None:
    found = measured.robustness
    assert found.ranking[0] is Variation.ILLUMINATION
    light = found.variations[Variation.ILLUMINATION].strengths
    assert light[1].lost.points < light[3].lost.points
    assert light[3].lost.low > 0
    unmoved = found.variations[Variation.DOWNSCALING].lost
    assert (unmoved.points, unmoved.low, unmoved.high) == (0, 0, 0)


def test_look_alikes_are_the_tenth_with_the_least_margin(measured: Measured) -> None:
    found = measured.robustness.look_alikes
    assert found.pictures == 5
    assert sum(found.pairs.values()) == 5
    assert set(found.pairs) <= {"dark or middle", "middle or light"}
    assert found.score.coverage < measured.robustness.clean.coverage


def test_progress_counts_every_picture_that_is_classified(measured: Measured) -> None:
    done = [step.done for step in measured.steps]
    assert done == [48 * cell for cell in range(2, 26)]
    assert {(step.stage, step.total) for step in measured.steps} == {("robustness", 48 * 25)}


def test_figures_are_json_and_name_the_worst(measured: Measured) -> None:
    figures = json.loads(json.dumps(measured.robustness.as_dict(), allow_nan=False))
    assert figures == measured.robustness.as_dict()
    worst = figures["worst"]["variation"]
    assert figures["worst"]["lost"] == figures["variations"][worst]["lost"]
    assert set(figures["variations"]["occlusion"]["strengths"]["3"]) == {
        "accuracy", "macro_f1", "coverage", "claimed_accuracy", "lost",
    }  # fmt: skip


def test_it_is_the_same_every_time(measured: Measured) -> None:
    again = measure_robustness(by_brightness(), examples([0, 1, 2, KNOWN_NEGATIVE] * 16))
    assert again == measured.robustness


def test_without_known_negatives_the_pictures_are_each_others_clutter() -> None:
    found = measure_robustness(by_brightness(), examples([0, 2] * 4))
    assert found.variations[Variation.BACKGROUND_CLUTTER].strengths[3].score.accuracy <= 1


def test_known_negatives_alone_cannot_be_measured() -> None:
    with pytest.raises(ExamplesError, match="got 2 negatives"):
        measure_robustness(by_brightness(), examples([KNOWN_NEGATIVE] * 2))


LABELS = st.lists(st.sampled_from("abc"), max_size=40)


@given(LABELS, st.integers(0, 50), st.randoms(use_true_random=False))
def test_a_sample_takes_as_large_a_share_of_each_label(labels: list[str], size: int, random: Random) -> None:
    keys = random.sample([f"{row:02}" for row in range(len(labels))], len(labels))
    chosen = choose_sample(np.array(labels, dtype=np.str_), np.array(keys, dtype=np.str_), size)
    assert len(chosen) == min(size, len(labels))
    assert chosen.tolist() == sorted(set(chosen.tolist()))
    there, taken = Counter(labels), Counter(labels[row] for row in chosen)
    assert all(abs(taken[label] - len(chosen) * there[label] / len(labels)) < len(there) for label in there)
    assert size < len(there) or set(taken) == set(there)


@given(LABELS, st.integers(0, 20))
def test_a_larger_sample_contains_a_smaller_one(labels: list[str], size: int) -> None:
    names, keys = (
        np.array(labels, dtype=np.str_),
        np.array([f"{row:02}" for row in range(len(labels))], dtype=np.str_),
    )
    assert set(choose_sample(names, keys, size)) <= set(choose_sample(names, keys, size + 3))


def test_a_sample_depends_on_the_pictures_and_not_on_their_order() -> None:
    labels, keys = np.array(list("aabbabab")), np.array(list("hgfedcba"))
    order = np.random.default_rng(0).permutation(8)
    chosen = choose_sample(labels[order], keys[order], 5)
    assert set(keys[order][chosen]) == set(keys[choose_sample(labels, keys, 5)])

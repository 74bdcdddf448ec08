import json

import numpy as np
import pytest

from tests.worker.cnn.clouds import CATEGORIES, centred, embedded, of_sources
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.errors import EmptyCategoryError
from worker.cnn.figures.calibration import CALIBRATING
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.heads.head_fitting import FittedHead, fit_head
from worker.cnn.heads.strength import WEIGHT_DECAYS

pytestmark = pytest.mark.slow

LABELS = (0, 1, 2, KNOWN_NEGATIVE)


def with_splits(examples: EmbeddedExamples) -> EmbeddedExamples:
    """Of each five pictures, one to validate and one to test."""
    splits = np.array(["train", "train", "train", "validation", "test"])[np.arange(len(examples)) % 5]
    return embedded(examples.labels, sources=examples.sources, splits=splits)


@pytest.fixture(scope="module")
def examples() -> EmbeddedExamples:
    return with_splits(of_sources({"a": 15, "b": 15, "c": 15}, LABELS))


@pytest.fixture(scope="module")
def fitted(examples: EmbeddedExamples) -> FittedHead:
    return fit_head(examples, CATEGORIES)


def test_a_head_tells_pictures_that_it_has_not_seen(fitted: FittedHead) -> None:
    labels = np.repeat([0, 1, 2], 20)
    said = fitted.head.apply(centred(labels, seed=1))
    assert (said.probabilities.argmax(axis=1) == labels).all()
    assert not fitted.head.are_uncertain(said.probabilities.max(axis=1), said.in_distribution).all()
    assert fitted.head.categories == CATEGORIES
    assert fitted.weight_decay in WEIGHT_DECAYS


def test_a_head_claims_no_label_for_what_is_like_the_known_negatives(fitted: FittedHead) -> None:
    said = fitted.head.apply(centred(np.full(20, KNOWN_NEGATIVE), seed=1))
    assert fitted.head.are_uncertain(said.probabilities.max(axis=1), said.in_distribution).mean() > 0.8


def test_both_splits_are_measured(fitted: FittedHead) -> None:
    splits = {split: fitted.metrics[split] for split in ("validation", "test")}
    assert all(figures["pictures"] == 27 for figures in splits.values())
    assert all(figures["accuracy"] == 1 for figures in splits.values())
    assert all(figures["negatives"] == 9 for figures in splits.values())
    assert json.loads(json.dumps(fitted.metrics)) == fitted.metrics


def test_it_says_how_many_pictures_its_confidences_rest_on(
    fitted: FittedHead, examples: EmbeddedExamples
) -> None:
    judged = int(examples.taught.sum())
    assert fitted.metrics["calibration"] == {"pictures": judged, "enough": judged >= CALIBRATING}


def test_no_answer_of_a_head_that_knows_few_pictures_is_certain() -> None:
    few = fit_head(embedded(np.repeat([0, 1, 2], 6)), CATEGORIES)
    assert few.metrics["calibration"] == {"pictures": 18, "enough": False}
    told = few.head.apply(centred(np.repeat([0, 1, 2], 30), seed=1)).probabilities.max(axis=1)
    assert told.min() > 0.6
    assert told.max() < 0.9995


def test_what_the_test_split_is_measured_by_is_what_the_head_says(
    fitted: FittedHead, examples: EmbeddedExamples
) -> None:
    test = examples.select((examples.splits == "test") & examples.shown)
    said = fitted.head.apply(test.embeddings)
    claimed = ~fitted.head.are_uncertain(said.probabilities.max(axis=1), said.in_distribution)
    assert fitted.metrics["test"]["coverage"] == pytest.approx(claimed.mean())


def test_the_test_split_teaches_nothing(fitted: FittedHead, examples: EmbeddedExamples) -> None:
    labels = np.where(
        (examples.splits == "test") & examples.shown, (examples.labels + 1) % 3, examples.labels
    )
    lied = fit_head(embedded(labels, sources=examples.sources, splits=examples.splits,
                             embeddings=examples.embeddings), CATEGORIES)  # fmt: skip
    assert lied.head.to_bytes() == fitted.head.to_bytes()
    assert lied.metrics["test"]["accuracy"] == 0


def test_the_same_examples_give_the_same_head(fitted: FittedHead, examples: EmbeddedExamples) -> None:
    again = fit_head(examples, CATEGORIES)
    assert again.head.to_bytes() == fitted.head.to_bytes()
    assert again.metrics == fitted.metrics


def test_without_a_test_split_validation_alone_is_measured() -> None:
    splits = np.array(["train", "validation"])[np.arange(45) % 2]
    fitted = fit_head(embedded([0, 1, 2] * 15, splits=splits), CATEGORIES)
    assert list(fitted.metrics) == ["validation", "calibration"]
    assert fitted.metrics["validation"]["negatives_flagged"] is None


def test_two_categories_are_enough() -> None:
    fitted = fit_head(embedded([0, 1] * 20), ("saree", "jeans"))
    said = fitted.head.apply(centred(np.array([0, 1] * 10), seed=1))
    assert said.probabilities.argmax(axis=1).tolist() == [0, 1] * 10
    assert said.probabilities.sum(axis=1) == pytest.approx(1)


def test_wrong_labels_are_suspected_and_left_out() -> None:
    labels = np.repeat([0, 1, 2], 20)
    wrong = np.where(np.isin(np.arange(60), [0, 1]), 1, labels)
    fitted = fit_head(embedded(wrong, embeddings=centred(labels)), CATEGORIES)
    assert fitted.left_out == ("0000", "0001")
    assert [(each.label, each.suggestion) for each in fitted.suspicions] == [(1, 0)] * 2
    said = fitted.head.apply(centred(np.zeros(10, np.int64), seed=1))
    assert (said.probabilities.argmax(axis=1) == 0).all()


def test_a_category_with_too_few_products_says_how_many_are_missing() -> None:
    with pytest.raises(EmptyCategoryError, match="review or crawl 1 more of trousers"):
        fit_head(embedded([0, 1] * 10 + [2]), CATEGORIES)


def test_two_products_of_a_category_are_enough_to_begin_with() -> None:
    fitted = fit_head(embedded([0, 1] * 20 + [2, 2]), CATEGORIES)
    said = fitted.head.apply(centred(np.full(5, 2), seed=1))
    assert (said.probabilities.argmax(axis=1) == 2).all()


def test_thresholds_come_from_sources_that_were_not_seen() -> None:
    """Where sources differ, heads are less sure of those that they have not seen, and the threshold knows it."""
    examples = of_sources(dict.fromkeys("abcdef", 10))
    shifts = {name: np.random.default_rng(number).normal(0, 40, 8) for number, name in enumerate("abcdef")}
    shift = np.array([shifts[name] for name in examples.sources.tolist()])
    embeddings = np.clip(np.rint(examples.embeddings + shift), -127, 127).astype(np.int8)
    by_source = fit_head(
        embedded(examples.labels, sources=examples.sources, embeddings=embeddings), CATEGORIES
    )
    as_one = fit_head(embedded(examples.labels, embeddings=embeddings), CATEGORIES)
    assert by_source.head.temperature > as_one.head.temperature

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.models import Split
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.config import NetworkName
from worker.cnn.errors import EmptyCategoryError, ExamplesError
from worker.cnn.pictures.dataset import SPLITS, VALIDATION, Examples, class_weights

CATEGORIES = ("saree", "jeans", "trousers")


@pytest.fixture
def examples() -> Examples:
    names = np.array(["a", "b", "c", "d", "e", "f", "g"])
    return Examples(
        pictures=np.zeros((7, 4, 4, 3), np.uint8),
        labels=np.array([0, 1, 2, 0, 1, 2, KNOWN_NEGATIVE]),
        splits=np.array(["train"] * 3 + ["validation"] * 3 + ["test"]),
        keys=names,
        products=names,
        sources=names,
        groups=names,
        reviewed=np.zeros(7, np.bool_),
    )


def test_a_split_keeps_its_rows_together(examples: Examples) -> None:
    validation = examples.where(VALIDATION)
    assert validation.keys.tolist() == ["d", "e", "f"]
    assert validation.labels.tolist() == [0, 1, 2]


def test_the_splits_are_those_of_the_records() -> None:
    assert list(SPLITS) == list(Split)


def test_counts_name_the_known_negatives(examples: Examples) -> None:
    counts = examples.counts(CATEGORIES)
    assert counts["train"] == {"saree": 1, "jeans": 1, "trousers": 1, "other": 0}
    assert counts["test"]["other"] == 1


def test_complete_examples_can_be_trained_on(examples: Examples) -> None:
    examples.require_trainable(CATEGORIES)


def test_a_category_without_validation_pictures_is_named(examples: Examples) -> None:
    with pytest.raises(
        EmptyCategoryError, match=r"no validation picture of jeans: crawl, import .* take the category out"
    ):
        examples.select(examples.keys != "e").require_trainable(CATEGORIES)


@pytest.mark.parametrize("label", [3, -2])
def test_a_label_beyond_the_categories_is_refused(examples: Examples, label: int) -> None:
    with pytest.raises(ExamplesError, match=r"labels must be -1 to 2, got"):
        replace(examples, labels=np.where(examples.keys == "a", label, 0)).require_trainable(CATEGORIES)


def test_a_product_in_two_splits_is_refused(examples: Examples) -> None:
    with pytest.raises(ExamplesError, match=r"a product lies in one split only.*'x'"):
        replace(examples, products=np.array(["x", "b", "c", "x", "e", "f", "g"]))


@pytest.mark.parametrize(
    "change",
    [
        {"labels": np.zeros(6, int)},
        {"pictures": np.zeros((7, 4, 4, 3), np.float32)},
        {"pictures": np.zeros((7, 4, 4), np.uint8)},
        {"splits": np.full(7, "training")},
    ],
)
def test_arrays_that_do_not_fit_are_refused(examples: Examples, change: dict[str, np.ndarray]) -> None:
    with pytest.raises(ExamplesError, match="got"):
        replace(examples, **change)


@given(st.lists(st.integers(-1, 3), max_size=60))
def test_every_category_weighs_the_same_in_sum(labels: list[int]) -> None:
    array = np.array(labels, int)
    weights = class_weights(array, 4)
    sums = [weights[label] * labels.count(label) for label in range(4) if label in labels]
    assert np.allclose(sums, sums[0] if sums else 0)
    assert all(weights[label] == 0 for label in range(4) if label not in labels)


def test_examples_of_both_networks_can_be_drawn(drawn_examples: Callable[[NetworkName], Examples]) -> None:
    for network in NetworkName:
        drawn_examples(network).require_trainable(CATEGORIES)

from dataclasses import replace

import numpy as np
import pytest

from tests.worker.cnn.clouds import CATEGORIES, embedded
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.errors import EmptyCategoryError, ExamplesError


@pytest.mark.parametrize(
    "change",
    [
        {"labels": np.zeros(5, np.int64)},
        {"reviewed": np.zeros(7, np.bool_)},
        {"embeddings": np.zeros((6, 8), np.float32)},
        {"embeddings": np.zeros(6, np.int8)},
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict[str, np.ndarray]) -> None:
    with pytest.raises(ExamplesError, match="got"):
        replace(embedded([0, 1, 2] * 2), **change)


def test_a_head_is_taught_by_pictures_of_the_categories_outside_the_test_split() -> None:
    splits = np.array(["train", "validation", "test", "train", "test"])
    examples = embedded([0, 1, 2, KNOWN_NEGATIVE, KNOWN_NEGATIVE], splits=splits)
    assert examples.shown.tolist() == [True, True, True, False, False]
    assert examples.taught.tolist() == [True, True, False, False, False]
    assert examples.validation.tolist() == [False, True, False, False, False]


def test_rows_are_kept_together() -> None:
    some = embedded([0, 1, 2, 0, 1]).select(np.array([4, 1]))
    assert len(some) == 2
    assert some.labels.tolist() == [1, 1]
    assert some.products.tolist() == some.groups.tolist() == ["0004", "0001"]


def test_too_few_products_are_counted_by_category() -> None:
    products = np.array(["a", "b", "c", "c", "c", "d", "e"])
    splits = np.array(["train", "train", "train", "train", "train", "test", "train"])
    examples = embedded([0, 0, 1, 1, 1, 2, KNOWN_NEGATIVE], products=products, splits=splits)
    with pytest.raises(
        EmptyCategoryError, match=r"needs 2 products.*1 more of jeans, 2 more of trousers; got"
    ):
        examples.require_categories(CATEGORIES)
    with pytest.raises(EmptyCategoryError, match="8 more of saree"):
        examples.require_categories(("saree",), products=10)


def test_enough_products_are_no_error() -> None:
    embedded([0, 1, 2, 0, 1, 2]).require_categories(CATEGORIES)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.cnn.heads.weighting import REVIEW_WEIGHT, weigh

ROWS = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=60)


def arrays(rows: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    labels, reviewed = zip(*rows, strict=True)
    return np.array(labels), np.array(reviewed)


@given(ROWS)
def test_the_categories_weigh_the_same_in_sum_and_a_picture_one_in_the_mean(
    rows: list[tuple[int, bool]],
) -> None:
    labels, reviewed = arrays(rows)
    weights = weigh(labels, reviewed)
    sums = [weights[labels == label].sum() for label in np.unique(labels)]
    assert sums == pytest.approx([sums[0]] * len(sums))
    assert weights.mean() == pytest.approx(1)
    assert weights.min() > 0


@given(ROWS)
def test_a_review_weighs_as_much_as_five_listed_labels_beside_it(rows: list[tuple[int, bool]]) -> None:
    labels, reviewed = arrays([*rows, (0, True), (0, False)])
    weights = weigh(labels, reviewed)
    assert weights[-2] == pytest.approx(REVIEW_WEIGHT * weights[-1])


@given(ROWS)
def test_the_order_of_the_pictures_does_not_matter(rows: list[tuple[int, bool]]) -> None:
    labels, reviewed = arrays(rows)
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    shuffled = weigh(labels[order], reviewed[order])
    assert shuffled == pytest.approx(weigh(labels, reviewed)[order])

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.cnn.errors import EmptyCategoryError
from worker.cnn.heads.suspect_labels import (
    FOLDS,
    are_suspect,
    out_of_fold_probabilities,
    suspects_to_leave_out,
)
from worker.cnn.pictures.dataset import Examples

pytestmark = pytest.mark.slow


def clusters(each: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Features of three well-separated categories."""
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), each)
    features = np.abs(generator.normal(0, 0.1, (len(labels), 6)))
    features[np.arange(len(labels)), labels] += 4
    return features.astype(np.float32), labels


def examples(labels: np.ndarray, reviewed: tuple[int, ...] = ()) -> Examples:
    """One product, of a group of its own, for each label."""
    names = np.array([f"{row:03}" for row in range(len(labels))])
    return Examples(
        pictures=np.zeros((len(labels), 1, 1, 3), np.uint8),
        labels=labels,
        splits=np.full(len(labels), "train"),
        keys=names,
        products=names,
        sources=names,
        groups=names,
        reviewed=np.isin(np.arange(len(labels)), reviewed),
    )


def swapped(labels: np.ndarray, rows: range) -> np.ndarray:
    """Give these rows the next category's label."""
    wrong = labels.copy()
    wrong[rows] = (wrong[rows] + 1) % 3
    return wrong


def test_swapped_labels_are_found_and_right_ones_left_alone() -> None:
    features, truth = clusters()
    labels = truth.copy()
    labels[[3, 25]] = [1, 2]

    probabilities = out_of_fold_probabilities(features, labels, np.arange(len(labels)))

    assert np.flatnonzero(are_suspect(probabilities, labels)).tolist() == [3, 25]


def test_a_near_duplicate_does_not_vouch_for_a_wrong_label() -> None:
    features, labels = clusters()
    twins, truth = np.repeat(features, 2, axis=0), np.repeat(labels, 2)
    groups = np.repeat(np.arange(len(labels)), 2)
    wrong = truth.copy()
    wrong[:2] = 1  # both copies of the first picture

    probabilities = out_of_fold_probabilities(twins, wrong, groups)

    assert are_suspect(probabilities, wrong)[:2].all()


def test_probabilities_sum_to_one() -> None:
    features, labels = clusters()
    probabilities = out_of_fold_probabilities(features, labels, np.arange(len(labels)))
    assert probabilities.sum(axis=1) == pytest.approx(1.0)


def test_a_category_with_too_few_pictures_cannot_be_checked() -> None:
    features, labels = clusters(each=FOLDS - 1)
    with pytest.raises(EmptyCategoryError, match="5 pictures"):
        out_of_fold_probabilities(features, labels, np.arange(len(labels)))


@settings(deadline=None)
@given(st.integers(2, 5), st.integers(0, 1000))
def test_a_label_that_is_the_likeliest_is_never_an_issue(classes: int, seed: int) -> None:
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(classes), 60)
    probabilities[:classes] = np.eye(classes)  # each category occurs
    labels = probabilities.argmax(axis=1)
    issues = are_suspect(probabilities, labels)
    thresholds = np.array([probabilities[labels == k, k].mean() for k in range(classes)])
    own = probabilities[np.arange(60), labels] >= thresholds[labels]
    assert not issues[own].any()


def test_training_leaves_wrong_labels_out_and_keeps_right_ones() -> None:
    features, labels = clusters()
    assert suspects_to_leave_out(features, examples(labels)) == ()
    assert suspects_to_leave_out(features, examples(swapped(labels, range(2)))) == ("000", "001")


def test_a_review_is_never_doubted() -> None:
    features, labels = clusters()
    assert suspects_to_leave_out(features, examples(swapped(labels, range(3)), reviewed=(1,))) == (
        "000",
        "002",
    )


def test_a_few_suspects_may_be_hard_pictures_and_stay() -> None:
    features, labels = clusters(each=100)
    assert suspects_to_leave_out(features, examples(swapped(labels, range(7)))) == ()
    assert len(suspects_to_leave_out(features, examples(swapped(labels, range(8))))) == 8


def test_a_category_loses_a_fifth_of_its_products_at_most() -> None:
    features, labels = clusters(each=40)
    left_out = suspects_to_leave_out(features, examples(swapped(labels, range(22))))
    assert len(left_out) == 12  # of 40 + 22
    assert set(left_out) < {f"{row:03}" for row in range(22)}


def test_pictures_of_a_product_are_left_out_together() -> None:
    features, labels = clusters()
    single = examples(swapped(labels, range(2)))
    pairs = single.select(np.repeat(np.arange(len(labels)), 2))
    assert suspects_to_leave_out(np.repeat(features, 2, axis=0), pairs) == ("000", "001")


@pytest.mark.parametrize("each", [1, FOLDS - 1])
def test_too_few_pictures_to_tell_are_all_trained_on(each: int) -> None:
    features, labels = clusters(each)
    assert suspects_to_leave_out(features, examples(swapped(labels, range(1)))) == ()


def test_the_only_category_has_no_suspects() -> None:
    features, _ = clusters()
    assert suspects_to_leave_out(features, examples(np.zeros(len(features), np.int64))) == ()

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.cnn.clouds import centred, embedded
from worker.cnn.errors import EmptyCategoryError
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.heads.holding_out import FOLDS
from worker.cnn.heads.suspect_labels import (
    are_suspect,
    find_suspicions,
    out_of_fold_probabilities,
)

pytestmark = pytest.mark.slow


def labelled(
    wrong: range | list[int] = range(0), each: int = 20, reviewed: tuple[int, ...] = ()
) -> EmbeddedExamples:
    """Products of three well-separated categories; the wrong ones have the next category's label."""
    truth = np.repeat(np.arange(3), each)
    labels = truth.copy()
    labels[list(wrong)] = (truth[list(wrong)] + 1) % 3
    is_review = np.isin(np.arange(len(truth)), reviewed)
    return embedded(labels, embeddings=centred(truth, noise=1.5), reviewed=is_review)


def left_out(examples: EmbeddedExamples) -> list[str]:
    return sorted(each.product for each in find_suspicions(examples) if each.left_out)


def test_swapped_labels_are_found_and_right_ones_left_alone() -> None:
    examples = labelled([3, 25])
    probabilities = out_of_fold_probabilities(examples)
    assert np.flatnonzero(are_suspect(probabilities, examples.labels)).tolist() == [3, 25]


def test_a_suspicion_says_what_a_product_is_called_and_what_it_looks_like() -> None:
    suspicions = find_suspicions(labelled([3, 25], reviewed=(25,)))
    found = {each.product: (each.label, each.suggestion, each.reviewed) for each in suspicions}
    assert found == {"0003": (1, 0, False), "0025": (2, 1, True)}
    for each in suspicions:
        assert 0 <= each.probability < each.suggestion_probability <= 1
    doubts = [each.suggestion_probability - each.probability for each in suspicions]
    assert doubts == sorted(doubts, reverse=True)


def test_a_near_duplicate_does_not_vouch_for_a_wrong_label() -> None:
    twins = labelled().select(np.repeat(np.arange(60), 2))
    names = np.arange(120).astype(str)
    wrong = replace(twins, labels=np.where(np.arange(120) < 2, 1, twins.labels), products=names)
    probabilities = out_of_fold_probabilities(wrong)
    assert are_suspect(probabilities, wrong.labels)[:2].all()


def test_probabilities_sum_to_one() -> None:
    assert out_of_fold_probabilities(labelled()).sum(axis=1) == pytest.approx(1.0)


def test_a_category_with_too_few_pictures_cannot_be_checked() -> None:
    with pytest.raises(EmptyCategoryError, match="5 pictures"):
        out_of_fold_probabilities(labelled(each=FOLDS - 1))


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
    assert left_out(labelled()) == []
    assert left_out(labelled(range(2))) == ["0000", "0001"]


def test_a_review_is_never_left_out() -> None:
    listed, told = (left_out(labelled(range(24), each=100, reviewed=rows)) for rows in ((), (1,)))
    assert "0001" in listed
    assert "0001" not in told
    assert told


def test_a_few_suspects_may_be_hard_pictures_and_stay() -> None:
    few, more = (find_suspicions(labelled(range(wrong), each=100)) for wrong in (7, 24))
    assert 0 < len(few) <= 7 < len(more)
    assert not any(each.left_out for each in few)  # they are listed all the same
    assert all(each.left_out for each in more)


def test_a_category_loses_a_fifth_of_its_products_at_most() -> None:
    dropped = left_out(labelled(range(22), each=40))
    assert len(dropped) == 12  # of 40 + 22
    assert set(dropped) < {f"{row:04}" for row in range(22)}


def test_pictures_of_a_product_are_left_out_together() -> None:
    pairs = labelled(range(2)).select(np.repeat(np.arange(60), 2))
    assert left_out(pairs) == ["0000", "0001"]


@pytest.mark.parametrize("each", [1, FOLDS - 1])
def test_too_few_pictures_to_tell_leave_nobody_suspect(each: int) -> None:
    assert find_suspicions(labelled(range(1), each)) == ()


def test_the_only_category_has_no_suspects() -> None:
    assert find_suspicions(embedded([0] * 30)) == ()

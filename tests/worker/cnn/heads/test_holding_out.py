import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.heads.holding_out import FOLDS, MOST_HELD_OUT, deal_folds

ROWS = st.lists(
    st.tuples(st.integers(KNOWN_NEGATIVE, 2), st.sampled_from("abcdef"), st.integers(0, 30)), max_size=80
)
Rows = list[tuple[int, str, int]]


def arrays(rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, sources and groups; a group is of one source."""
    labels = np.array([label for label, _, _ in rows], dtype=np.int64)
    sources = np.array([source for _, source, _ in rows], dtype=np.str_)
    groups = np.array([f"{source}{group}" for _, source, group in rows], dtype=np.str_)
    return labels, sources, groups


@given(ROWS)
def test_every_picture_is_in_one_fold_and_no_group_in_two(rows: Rows) -> None:
    labels, sources, groups = arrays(rows)
    folds = deal_folds(labels, sources, groups)
    masks = list(folds)
    assert (np.sum(masks, axis=0) == 1).all() if rows else masks == []
    assert all(mask.any() for mask in masks)
    assert set(folds.numbers.tolist()) <= set(range(FOLDS))
    for group in np.unique(groups):
        assert len(set(folds.numbers[groups == group].tolist())) == 1


@given(ROWS)
def test_a_source_is_whole_just_where_enough_of_its_categories_is_left(rows: Rows) -> None:
    labels, sources, groups = arrays(rows)
    folds = deal_folds(labels, sources, groups)
    for source in np.unique(sources):
        theirs = sources == source
        shares = [
            (labels[theirs] == label).sum() / (labels == label).sum() for label in np.unique(labels[theirs])
        ]
        assert folds.whole[theirs].all() == folds.whole[theirs].any() == (max(shares) <= MOST_HELD_OUT)
        if folds.whole[theirs].all():
            assert len(set(folds.numbers[theirs].tolist())) == 1


def test_like_sources_are_dealt_to_all_folds() -> None:
    sources = np.repeat([f"{number}" for number in range(10)], 6)
    labels = np.tile([0, 1, 2], 20)
    folds = deal_folds(labels, sources, np.arange(60).astype(str))
    assert np.bincount(folds.numbers).tolist() == [12] * FOLDS
    assert folds.whole.all()


def test_the_groups_of_a_source_that_has_most_of_a_category_are_dealt_instead() -> None:
    labels, sources = np.array([0, 1] * 50), np.array(["large"] * 80 + ["small"] * 20)
    folds = deal_folds(labels, sources, np.arange(100).astype(str))
    assert folds.whole.tolist() == [False] * 80 + [True] * 20
    counts = [np.bincount(labels[mask], minlength=2) for mask in folds]
    assert len(counts) == FOLDS
    assert np.ptp(counts, axis=0).max() <= 10  # the small source is one unit


@given(ROWS)
def test_the_same_records_give_the_same_folds(rows: Rows) -> None:
    one, other = (deal_folds(*arrays(rows)) for _ in range(2))
    assert np.array_equal(one.numbers, other.numbers)
    assert np.array_equal(one.whole, other.whole)

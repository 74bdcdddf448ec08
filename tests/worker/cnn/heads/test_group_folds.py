import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from worker.cnn.heads.holding_out import FOLDS, deal_groups


@given(st.integers(0, 50), st.integers(2, 4))
def test_a_group_lies_in_one_fold_and_every_fold_has_a_like_number_of_each_category(
    seed: int, classes: int
) -> None:
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 4, size=200)
    of_group = random.integers(0, classes, size=200)
    groups = np.repeat(np.arange(200).astype(str), sizes)
    labels = np.repeat(of_group, sizes)
    order = random.permutation(len(groups))
    groups, labels = groups[order], labels[order]
    folds = deal_groups(labels, groups)
    assert all(len(np.unique(folds[groups == group])) == 1 for group in np.unique(groups))
    for label in range(classes):
        counts = np.bincount(folds[labels == label], minlength=FOLDS)
        assert counts.max() - counts.min() <= sizes.max()
    assert (deal_groups(labels, groups) == folds).all()

"""The gate of learnt versions: two heads answer for the same stored embeddings, without a network."""

import numpy as np

from db.heads import Head
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.pictures.dataset import TEST
from worker.training.gate_rule import tells_no_worse


def is_head_no_worse(candidate: Head, current: Head, examples: EmbeddedExamples) -> bool:
    """Compare two heads of one body on the test products and the categories that both know.

    Which of two is worse, worker/training/gate_rule.py says.

    Args:
        candidate: its categories are those of the labels.
        current: the active version's.
        examples: as the candidate was fitted to them.
    """
    both = [row for row, name in enumerate(candidate.categories) if name in current.categories]
    test = examples.select((examples.splits == TEST) & np.isin(examples.labels, both))
    names = np.array(candidate.categories)[test.labels]
    return tells_no_worse(_products_told(candidate, test, names), _products_told(current, test, names))


def _products_told(head: Head, test: EmbeddedExamples, names: np.ndarray) -> dict[int, bool]:
    """Tell by product whether its likeliest category, by the mean over its pictures, is its label."""
    if not len(test):
        return {}
    products, first, rows = np.unique(test.products, return_index=True, return_inverse=True)
    sums = np.zeros((len(products), len(head.categories)))
    np.add.at(sums, rows, head.apply(test.embeddings).probabilities)
    likeliest = np.array(head.categories)[sums.argmax(axis=1)]
    return dict(zip(map(int, products), (likeliest == names[first]).tolist(), strict=True))

import numpy as np
import pytest

from tests.factories import telling, telling_head
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.learning.head_gate import is_head_no_worse

NAMES = ("saree", "jeans", "trousers")
SWAPPED = ("jeans", "saree", "trousers")


def examples(labels: list[int], *vectors: bytes, split: str = "test") -> EmbeddedExamples:
    """A picture and product each."""
    count = len(labels)
    return EmbeddedExamples(
        embeddings=np.frombuffer(b"".join(vectors), np.int8).reshape(count, -1),
        labels=np.array(labels),
        splits=np.array([split] * count),
        products=np.array([str(n) for n in range(count)]),
        sources=np.array(["shop"] * count),
        groups=np.array([str(n) for n in range(count)]),
        reviewed=np.zeros(count, np.bool_),
    )


@pytest.mark.parametrize(("candidate", "current", "no_worse"), [(0, 0, True), (0, 1, True), (1, 0, False)])
def test_the_head_that_has_fewer_test_products_right_is_worse(
    candidate: int, current: int, *, no_worse: bool
) -> None:
    heads = telling_head(categories=NAMES), telling_head(categories=SWAPPED)
    labels = [heads[candidate].categories.index(name) for name in ("saree", "jeans")]
    found = examples(labels, telling(30), telling(0, 30))
    assert is_head_no_worse(heads[candidate], heads[current], found) is no_worse


def test_only_test_products_of_categories_that_both_know_are_compared() -> None:
    wider = telling_head(categories=(*SWAPPED, "shirt"))
    narrow = telling_head(categories=NAMES)
    wrong = (telling(30), telling(0, 30))
    assert is_head_no_worse(wider, narrow, examples([1, 0], *wrong, split="train"))
    assert is_head_no_worse(wider, narrow, examples([3, KNOWN_NEGATIVE], *wrong))
    assert not is_head_no_worse(wider, narrow, examples([1, 0], *wrong))


def test_a_product_is_told_by_the_mean_over_its_pictures() -> None:
    found = examples([0, 0], telling(60), telling(0, 20))
    joined = EmbeddedExamples(**vars(found) | {"products": np.array(["7", "7"])})
    wrong = telling_head(categories=SWAPPED)
    assert is_head_no_worse(telling_head(categories=NAMES), wrong, joined)

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from worker.cnn.arrays import KNOWN_NEGATIVE, Pictures
from worker.cnn.learning.embedding import embed_pictures, embedded_examples
from worker.cnn.pictures.dataset import Examples
from worker.cnn.progress import Progress, no_report
from worker.cnn.serving.inference import EMBEDDING, Outputs, quantise


def mean_colours(pictures: Pictures) -> Outputs:
    """A body of three values a picture, which computes the mean colour about its middle."""
    return {EMBEDDING: (pictures.mean(axis=(1, 2)) - 128).astype(np.float32)}


@given(st.integers(1, 100), st.integers(0, 10))
def test_every_picture_is_embedded_in_its_place(count: int, seed: int) -> None:
    pictures = np.random.default_rng(seed).integers(0, 256, (count, 2, 1, 3), dtype=np.uint8)
    embeddings = embed_pictures(mean_colours, pictures, no_report)
    assert embeddings.dtype == np.int8
    assert np.array_equal(embeddings, quantise(mean_colours(pictures)))


def test_progress_counts_every_picture() -> None:
    steps = list[Progress]()
    embed_pictures(mean_colours, np.zeros((70, 2, 1, 3), np.uint8), steps.append)
    assert [step.done for step in steps] == [32, 64, 70]
    assert {(step.stage, step.total) for step in steps} == {("embedding", 70)}


@given(arrays(np.float32, (4, 5), elements=st.floats(-1000, 1000, width=32)))
def test_an_embedding_is_the_nearest_whole_number_that_an_int8_holds(values: np.ndarray) -> None:
    embeddings = quantise({EMBEDDING: values}).astype(np.float32)
    assert np.abs(embeddings).max() <= 127
    inside = np.abs(values) <= 127
    assert (np.abs(embeddings - values)[inside] <= 0.5).all()
    assert np.array_equal(embeddings[~inside], np.sign(values[~inside]) * 127)


def test_embedded_examples_are_the_examples_without_their_pictures() -> None:
    examples = Examples(
        pictures=np.zeros((3, 2, 1, 3), np.uint8),
        labels=np.array([0, 1, KNOWN_NEGATIVE]),
        splits=np.array(["train", "validation", "test"]),
        keys=np.array(["a", "b", "c"]),
        products=np.array(["1", "2", "3"]),
        sources=np.array(["shop", "shop", "other"]),
        groups=np.array(["4", "5", "6"]),
        reviewed=np.array([True, False, False]),
    )
    found = vars(embedded_examples(examples, np.eye(3, dtype=np.int8)))
    for name in ("labels", "splits", "products", "sources", "groups", "reviewed"):
        assert found[name] is getattr(examples, name)
    assert found["embeddings"].tolist() == np.eye(3).tolist()

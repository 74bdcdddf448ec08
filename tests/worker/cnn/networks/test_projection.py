import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.cnn.networks.projection import WIDTH, fit_projection

DIMENSIONS = 300


def features(count: int, *, rank: int = DIMENSIONS, seed: int = 0) -> np.ndarray:
    """Features of so many pictures, which lie in a space of so many dimensions."""
    generator = np.random.default_rng(seed)
    directions = generator.normal(size=(rank, DIMENSIONS))
    return (generator.normal(size=(count, rank)) @ directions + 5).astype(np.float32)


@settings(max_examples=6)
@given(st.integers(1, 400), st.integers(0, 100))
def test_an_embedding_is_as_wide_whatever_the_projection_was_fitted_to(count: int, seed: int) -> None:
    seen = features(count, seed=seed)
    projection = fit_projection(seen, seed=0)
    assert projection.kernel.shape == (DIMENSIONS, WIDTH)
    assert projection.bias.shape == (WIDTH,)
    assert projection.kernel.dtype == projection.bias.dtype == np.float32
    embeddings = projection(features(7, seed=seed + 1))
    assert embeddings.shape == (7, WIDTH)
    assert embeddings.dtype == np.int8
    assert embeddings.min() >= -127


def test_hardly_a_value_is_held_to_the_ends_of_an_int8() -> None:
    seen = features(400)
    embeddings = fit_projection(seen, seed=0)(seen)
    assert embeddings.max() == 127 or embeddings.min() == -127
    assert (np.abs(embeddings.astype(int)) == 127).mean() < 0.001


def test_values_far_from_what_was_seen_are_held_to_the_ends() -> None:
    projection = fit_projection(features(400), seed=0)
    far = projection(features(5, seed=1) * 1000)
    assert set(np.unique(np.abs(far.astype(int)))) <= set(range(128))
    assert (np.abs(far.astype(int)) == 127).mean() > 0.5


@pytest.mark.parametrize("count", [40, 500])
def test_pictures_are_as_far_from_each_other_as_before(count: int) -> None:
    seen = features(count, rank=100)
    embeddings = fit_projection(seen, seed=0)(seen).astype(np.float64)
    far = [np.linalg.norm(array[:20, None] - array[None, :20], axis=-1) for array in (seen, embeddings)]
    pairs = np.triu_indices(20, 1)
    ratios = far[1][pairs] / far[0][pairs]
    assert np.ptp(ratios) / ratios.mean() < 0.05


def test_few_pictures_leave_something_of_pictures_of_another_kind() -> None:
    projection = fit_projection(features(5, rank=3), seed=0)
    others = projection(features(20, rank=3, seed=1))
    assert len(np.unique(others, axis=0)) == 20


def test_one_picture_or_many_alike_are_no_error() -> None:
    for count in (1, 30):
        projection = fit_projection(np.repeat(features(1), count, axis=0), seed=0)
        assert np.isfinite(projection.kernel).all()
        assert np.isfinite(projection.bias).all()


@pytest.mark.parametrize("count", [10, 400])
def test_the_same_seed_gives_the_same_projection(count: int) -> None:
    one, other = (fit_projection(features(count), seed=3) for _ in range(2))
    assert np.array_equal(one.kernel, other.kernel)
    assert np.array_equal(one.bias, other.bias)


def test_the_seed_decides_what_few_pictures_leave_open() -> None:
    one, other = (fit_projection(features(10), seed=seed) for seed in (0, 1))
    assert not np.array_equal(one.kernel, other.kernel)

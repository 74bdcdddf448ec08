import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.worker.cnn.conftest import draw
from worker.cnn.arrays import Pictures
from worker.cnn.config import INPUT_SHAPES, NetworkName
from worker.cnn.pictures.alterations import alter_strongly, view_picture
from worker.cnn.pictures.inputs import fit_picture
from worker.cnn.pictures.textures import draw_texture
from worker.cnn.pictures.views import PLAIN_VIEWS, View


@pytest.fixture(scope="module")
def jeans() -> Pictures:
    return fit_picture(draw(1, np.random.default_rng(0)), INPUT_SHAPES[NetworkName.EFFICIENTNET_LITE0])


def test_plain_views_are_the_picture_and_its_mirror_image(jeans: Pictures) -> None:
    assert np.array_equal(view_picture(jeans, View.ORIGINAL, "a"), jeans)
    assert np.array_equal(view_picture(jeans, View.FLIPPED, "a"), jeans[:, ::-1])


def test_every_altered_view_differs_and_is_the_same_again(jeans: Pictures) -> None:
    before = jeans.copy()
    altered = [view_picture(jeans, view, "a") for view in View if view not in PLAIN_VIEWS]
    again = [view_picture(jeans, view, "a") for view in View if view not in PLAIN_VIEWS]
    assert np.array_equal(altered, again)
    assert len({picture.tobytes() for picture in [jeans, *altered]}) == 4
    assert np.array_equal(jeans, before)


def test_squares_above_each_other_are_altered_alike(jeans: Pictures) -> None:
    square = jeans[: jeans.shape[1]]
    for view in View:
        upper, lower = np.split(view_picture(np.concatenate([square, square]), view, "a"), 2)
        assert np.array_equal(upper, lower)
        assert np.array_equal(upper, view_picture(square, view, "a"))


def test_the_key_decides_how_a_picture_is_altered(jeans: Pictures) -> None:
    one, other = (view_picture(jeans, View.ALTERED_1, key) for key in "ab")
    assert not np.array_equal(one, other)


@settings(max_examples=40)
@given(arrays(np.uint8, st.tuples(st.integers(16, 64), st.just(3))), st.integers(0, 10**6))
def test_any_square_picture_can_be_altered(row: Pictures, seed: int) -> None:
    picture = np.repeat(row[None], len(row), axis=0)
    altered = alter_strongly(picture, np.random.default_rng(seed))
    assert altered.shape == picture.shape
    assert altered.dtype == np.uint8


def test_textures_fill_what_they_are_asked_for() -> None:
    textures = [draw_texture(20, 30, np.random.default_rng(seed)) for seed in range(20)]
    assert {texture.shape for texture in textures} == {(20, 30, 3)}
    assert len({texture.tobytes() for texture in textures}) == 20

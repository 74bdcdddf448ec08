import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw

from worker.cnn.config import NetworkName, input_shape
from worker.cnn.pictures.backgrounds import garment_share, photo_box, uniform_background_garment
from worker.cnn.pictures.inputs import fit_picture

SHAPE = input_shape(NetworkName.EFFICIENTNET_LITE0, views=None)
SMALL_PICTURES = st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3)).flatmap(
    lambda shape: arrays(np.uint8, shape)
)


def before(background: str, size: tuple[int, int] = (80, 100)) -> np.ndarray:
    """A navy garment, with a hole between its legs, before a background."""
    picture = Image.new("RGB", size, background)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((20, 20, 60, 40), fill="navy")
    pen.rectangle((20, 40, 35, 85), fill="navy")
    pen.rectangle((45, 40, 60, 85), fill="navy")
    return np.asarray(picture)


@pytest.mark.parametrize("background", ["white", "lightgrey", "peru"])
def test_a_garment_is_told_from_a_uniform_background(background: str) -> None:
    picture = before(background)
    garment = uniform_background_garment(picture)
    assert garment is not None
    assert (garment == (picture == (0, 0, 128)).all(axis=-1)).all()
    share = garment_share(picture)
    assert share[30, 40] == pytest.approx(1)
    assert share[5, 5] == share[70, 40] == pytest.approx(0, abs=1e-3)


def test_what_has_the_colour_of_the_background_but_lies_inside_belongs_to_the_garment() -> None:
    picture = before("white").copy()
    picture[28:32, 38:42] = 255
    garment = uniform_background_garment(picture)
    assert garment is not None
    assert garment[30, 40] == 1


def test_without_a_uniform_background_the_middle_is_the_garment() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (60, 40, 3)).astype(np.uint8)
    assert uniform_background_garment(picture) is None
    share = garment_share(picture)
    assert share[30, 20] == 1
    assert share[0].max() == share[:, -1].max() == 0


def test_nothing_before_a_uniform_background_is_no_garment() -> None:
    assert uniform_background_garment(np.full((40, 30, 3), 200, np.uint8)) is None


@pytest.mark.parametrize("size", [(80, 100), (100, 80), (90, 90)])
def test_padding_is_no_part_of_a_photo(size: tuple[int, int]) -> None:
    picture = fit_picture(Image.fromarray(before("peru", size)), SHAPE)
    rows, columns = photo_box(picture)
    longer = max(size)
    assert rows.stop - rows.start == round(SHAPE.height * size[1] / longer)
    assert columns.stop - columns.start == round(SHAPE.width * size[0] / longer)
    outside = np.ones(picture.shape[:2], bool)
    outside[rows, columns] = False
    assert (picture[outside] == 255).all()


def test_a_white_studio_is_part_of_the_photo() -> None:
    picture = before("white")
    assert photo_box(picture) == (slice(0, 100), slice(0, 80))
    assert photo_box(np.full((9, 7, 3), 255, np.uint8)) == (slice(0, 9), slice(0, 7))


@given(SMALL_PICTURES)
def test_every_picture_has_a_photo_and_shares(picture: np.ndarray) -> None:
    photo = picture[photo_box(picture)]
    assert photo.size
    share = garment_share(photo)
    assert share.shape == photo.shape[:2]
    assert 0 <= share.min() <= share.max() <= 1 + 1e-6

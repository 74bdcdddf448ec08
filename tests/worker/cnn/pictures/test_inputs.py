import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageColor, ImageDraw

from worker.cnn.config import VIEWS, Fit, InputShape, NetworkName, input_shape
from worker.cnn.pictures.inputs import cut_views, find_garment, fit_picture

SIZES = st.tuples(st.integers(1, 400), st.integers(1, 400))
SHAPES = st.one_of(
    st.builds(InputShape, st.integers(1, 64), st.integers(1, 64), st.just(Fit.SQUASH)),
    st.integers(1, 64).map(lambda side: InputShape(side, side, Fit.PAD)),
    st.integers(1, 64).map(lambda side: InputShape(2 * side, side, Fit.BOX_AND_UPPER)),
)
SMALL_PICTURES = st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)).flatmap(
    lambda shape: arrays(np.uint8, shape)
)


def garment(
    size: tuple[int, int], box: tuple[int, int, int, int], background: str = "white", lower: str = "crimson"
) -> Image.Image:
    """A crimson garment that fills a box: left, top, right, bottom; its lower half may have another colour."""
    picture = Image.new("RGB", size, background)
    left, top, right, bottom = box
    pen = ImageDraw.Draw(picture)
    pen.rectangle((left, top, right - 1, bottom - 1), fill="crimson")
    pen.rectangle((left, (top + bottom) // 2, right - 1, bottom - 1), fill=lower)
    return picture


@given(SIZES, SHAPES)
def test_any_picture_fits_any_input(size: tuple[int, int], shape: InputShape) -> None:
    fitted = fit_picture(Image.new("RGB", size, "navy"), shape)
    assert fitted.shape == (shape.height, shape.width, 3)
    assert fitted.dtype == np.uint8
    assert (fitted == (0, 0, 128)).all(axis=-1).any()


@given(st.data())
def test_the_box_of_a_garment_is_found_in_a_picture_of_any_size(data: st.DataObject) -> None:
    size = width, height = data.draw(st.integers(30, 400)), data.draw(st.integers(30, 400))
    left, top = data.draw(st.integers(0, width // 3)), data.draw(st.integers(0, height // 3))
    right, bottom = (data.draw(st.integers(2 * side // 5, 2 * side // 3)) for side in size)
    found = find_garment(garment(size, (left, top, right, bottom)))
    slack = np.array([width, height, width, height]) / 96 * 2 + 1
    assert (np.abs(np.subtract(found, (left, top, right, bottom))) <= slack).all()


@given(SMALL_PICTURES)
def test_a_box_lies_within_its_picture_and_holds_something(pixels: np.ndarray) -> None:
    height, width, _ = pixels.shape
    picture = Image.fromarray(pixels)
    left, top, right, bottom = find_garment(picture)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    box, upper = cut_views(picture)
    assert box.size == (right - left, bottom - top)
    assert (upper.width, upper.height) == (box.width, max(1, (top + bottom) // 2 - top))


@pytest.mark.parametrize("background", ["white", "lightgrey", "black", "peru"])
def test_the_background_may_have_any_colour(background: str) -> None:
    found = find_garment(garment((192, 288), (40, 60, 140, 240), background))
    assert np.abs(np.subtract(found, (40, 60, 140, 240))).max() <= 6


@given(SIZES, st.sampled_from(["white", "grey", "navy"]))
def test_where_nothing_differs_the_box_is_the_whole_picture(size: tuple[int, int], colour: str) -> None:
    assert find_garment(Image.new("RGB", size, colour)) == (0, 0, *size)


def test_a_speck_does_not_count() -> None:
    picture = garment((192, 192), (60, 60, 120, 150))
    picture.putpixel((4, 4), (0, 0, 0))
    left, top, _, _ = find_garment(picture)
    assert min(left, top) > 50


def test_the_garment_stands_above_its_upper_half() -> None:
    picture = garment((300, 300), (120, 30, 180, 270), lower="navy")
    fitted = fit_picture(picture, input_shape(NetworkName.EFFICIENTNET_LITE0, VIEWS))
    whole, upper = fitted[:224], fitted[224:]
    assert rows_of(whole, "crimson") == pytest.approx(112, abs=4)
    assert rows_of(whole, "navy") == pytest.approx(112, abs=4)
    assert rows_of(upper, "crimson") == pytest.approx(224, abs=6)
    assert rows_of(upper, "navy") <= 3  # of the lower half hardly anything is left
    assert (whole[:, :20] == 255).all()  # white beside the garment, whose proportions are kept


def rows_of(view: np.ndarray, colour: str) -> int:
    """The number of rows in which a colour is seen."""
    near = np.abs(view.astype(int) - ImageColor.getrgb(colour)).sum(axis=-1) < 30
    return int(near.any(axis=1).sum())


def test_padding_keeps_proportions_on_white() -> None:
    shape = input_shape(NetworkName.EFFICIENTNET_LITE0, views=None)
    fitted = fit_picture(Image.new("RGB", (50, 100), "black"), shape)
    black = (fitted == 0).all(axis=-1)
    assert black.sum() == 112 * 224
    assert black[:, 56:168].all()
    assert (fitted[:, :56] == 255).all()


def test_a_version_without_a_body_takes_the_picture_with_its_background() -> None:
    shape = input_shape(NetworkName.EFFICIENTNET_LITE0, views=None)
    fitted = fit_picture(garment((224, 224), (80, 60, 140, 200), "lightgrey"), shape)
    assert fitted.shape == (224, 224, 3)
    assert (fitted[0, 0] == 211).all()
    assert np.array_equal(fitted, np.asarray(garment((224, 224), (80, 60, 140, 200), "lightgrey")))


def test_the_notebook_squashes() -> None:
    fitted = fit_picture(Image.new("RGB", (50, 100), "black"), input_shape(NetworkName.SEED_CNN, views=None))
    assert fitted.shape == (300, 300, 3)
    assert not fitted.any()


def test_shrinking_averages_fine_stripes() -> None:
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[::2] = 255
    fitted = fit_picture(Image.fromarray(stripes), InputShape(40, 40, Fit.PAD))
    assert np.abs(fitted.astype(int) - 127).max() < 8

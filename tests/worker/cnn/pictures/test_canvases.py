import numpy as np
from PIL import Image, ImageDraw

from worker.cnn.config import Fit, InputShape
from worker.cnn.pictures.canvases import canvas_shape, fit_canvases
from worker.cnn.pictures.inputs import fit_picture

BOTH_VIEWS = InputShape(320, 160, Fit.BOX_AND_UPPER)


def garment(background: str) -> Image.Image:
    picture = Image.new("RGB", (240, 480), background)
    ImageDraw.Draw(picture).rectangle((60, 80, 179, 399), fill="navy")
    return picture


def test_a_network_that_takes_whole_pictures_takes_canvases_as_they_are() -> None:
    shape = InputShape(40, 40, Fit.SQUASH)
    canvases = np.zeros((2, 40, 40, 3), np.uint8)
    assert canvas_shape(shape) == shape
    assert fit_canvases(canvases, shape) is canvases


def test_views_are_cut_from_a_canvas_as_from_the_picture_whatever_its_background() -> None:
    for background in ("white", "peru"):
        picture = garment(background)
        canvas = fit_picture(picture, canvas_shape(BOTH_VIEWS))
        assert canvas.shape == (320, 320, 3)
        [views] = fit_canvases(canvas[None], BOTH_VIEWS)
        expected = fit_picture(picture, BOTH_VIEWS)
        assert np.abs(views.astype(int) - expected).mean() < 8, background

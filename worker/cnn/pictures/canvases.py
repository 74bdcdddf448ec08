"""Canvases: pictures as they are varied, before views are cut from them."""

from dataclasses import replace

import numpy as np
from PIL import Image

from worker.cnn.arrays import Pictures
from worker.cnn.config import Fit, InputShape
from worker.cnn.pictures.backgrounds import photo_box
from worker.cnn.pictures.inputs import fit_picture


def canvas_shape(shape: InputShape) -> InputShape:
    """Give the shape in which pictures for a network's input are varied.

    Where views are cut, it is the whole picture on a square as high as both, so that the upper half is as sharp as
    it would be from the original; else it is the input's own.
    """
    return replace(shape, width=shape.height, fit=Fit.PAD) if shape.fit is Fit.BOX_AND_UPPER else shape


def fit_canvases(canvases: Pictures, shape: InputShape) -> Pictures:
    """Fit canvases, uint8 (n, height, width, 3), to a network's input; their padding is no part of the picture."""
    if shape.fit is not Fit.BOX_AND_UPPER:
        return canvases
    fitted = np.empty((len(canvases), shape.height, shape.width, 3), np.uint8)
    for row, canvas in enumerate(canvases):
        fitted[row] = fit_picture(Image.fromarray(canvas[photo_box(canvas)]), shape)
    return fitted

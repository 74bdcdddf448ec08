"""Runs a model over the two views of a picture, which stand one above the other in a network's input."""

from typing import Any, Final

from worker.cnn.quiet_tensorflow import keras

VIEWS_OF_A_PICTURE: Final = 2


def over_pictures(model: Any, name: str) -> Any:
    """Have a model of views (n, side, side, 3) take pictures (n, 2 * side, side, 3).

    It gives what the model gives for each view: (n, 2, ...), the box before the upper half.
    """
    side, width, channels = model.input_shape[1:]
    pictures = keras.Input((VIEWS_OF_A_PICTURE * side, width, channels), name="pictures")
    each = model(keras.ops.reshape(pictures, (-1, side, width, channels)))
    outputs = keras.ops.reshape(each, (-1, VIEWS_OF_A_PICTURE, *model.output_shape[1:]))
    return keras.Model(pictures, outputs, name=name)

"""The networks. Each takes RGB pictures with values 0 to 255 and gives logits; preprocessing is inside."""

from typing import Any

from worker.cnn.config import INPUT_SHAPES, NetworkName
from worker.cnn.engine import keras


def build_seed_cnn(classes: int) -> Any:
    """Build the notebook's network: convolutions of 32, 64 and 128, then 64 dense units.

    At 300x300 with three classes it has 10,128,707 parameters. The output is logits, where the notebook had
    a sigmoid: the loss decides what they mean.
    """
    shape = INPUT_SHAPES[NetworkName.SEED_CNN]
    layers = [keras.Input((shape.height, shape.width, 3), name="pictures"), keras.layers.Rescaling(1 / 255)]
    for filters in (32, 64, 128):
        layers += [keras.layers.Conv2D(filters, 3, activation="relu"), keras.layers.MaxPooling2D(2)]
    layers += [
        keras.layers.Flatten(),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(classes, name="logits"),
    ]
    return keras.Sequential(layers, name=NetworkName.SEED_CNN.value)

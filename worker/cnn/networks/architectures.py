"""The networks as they are trained and as they are saved.

A saved network takes RGB pictures (n, height, width, 3) with values 0 to 255 and gives a mapping. A body's is
`embedding` (n, 256), in units of an int8, not rounded. A network without a body gives `logits` (n, classes) and
`in_distribution` (n,), which is higher the more a picture is like the categories. All scaling is inside.
"""

from collections.abc import Callable
from typing import Any

from worker.cnn.config import INPUT_SHAPES, NetworkName
from worker.cnn.networks.projection import Projection
from worker.cnn.quiet_tensorflow import keras


def build_seed_cnn(classes: int) -> Any:
    """Build the notebook's network: convolutions of 32, 64 and 128, then 64 dense units, giving logits.

    At 300x300 with three classes it has 10,128,707 parameters. The notebook ended in a sigmoid; here the loss
    decides what the logits mean.
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


def assemble_body(
    network: NetworkName, compute_features: Callable[[Any], Any], projection: Projection
) -> Any:
    """Join a backbone and its projection into the body that is saved.

    Args:
        network: gives the input's shape.
        compute_features: from the input tensor to what the projection was fitted to.
        projection: from these to embeddings.
    """
    shape = INPUT_SHAPES[network]
    pictures = keras.Input((shape.height, shape.width, 3), name="pictures")
    layer = keras.layers.Dense(len(projection.bias), name="projection")
    embedding = layer(compute_features(pictures))
    layer.set_weights([projection.kernel, projection.bias])
    return keras.Model(pictures, {"embedding": embedding}, name=network.value)


def assemble_seed_cnn(model: Any) -> Any:
    """Give the trained notebook network its in-distribution score: the energy of the logits.

    Liu et al., "Energy-based Out-of-distribution Detection" (NeurIPS 2020), with the sign turned.
    """
    logits = model.outputs[0]
    outputs = {"logits": logits, "in_distribution": keras.ops.logsumexp(logits, axis=-1)}
    return keras.Model(model.inputs[0], outputs, name=NetworkName.SEED_CNN.value)

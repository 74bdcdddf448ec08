"""The networks as they are trained and as they are saved.

A saved network takes RGB pictures (n, height, width, 3) with values 0 to 255 and gives a mapping: `logits`
(n, classes) and `in_distribution` (n,), which is higher the more a picture is like the categories. All
preprocessing is inside.
"""

from collections.abc import Callable
from typing import Any

from worker.cnn.config import INPUT_SHAPES, NetworkName
from worker.cnn.heads.in_distribution import InDistributionScorer
from worker.cnn.networks.efficientnet import FEATURES
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


def build_head(classes: int, weight_decay: float) -> Any:
    """Build the head of a backbone: square roots of features (n, 1280) to logits.

    It begins at zero, so that only the order of the batches depends on the seed.
    """
    layer = keras.layers.Dense(
        classes,
        kernel_initializer="zeros",
        kernel_regularizer=keras.regularizers.L2(weight_decay),
        name="logits",
    )
    return keras.Sequential([keras.Input((FEATURES,), name="features"), layer], name="head")


def assemble_efficientnet(
    network: NetworkName, compute_features: Callable[[Any], Any], head: Any, scorer: InDistributionScorer
) -> Any:
    """Join a backbone, its head and the in-distribution score into the network that is saved.

    Args:
        network: gives the input's shape.
        compute_features: from the input tensor to what head and scorer were fitted to.
        head: gives logits.
        scorer: gives the score.
    """
    shape, classes = INPUT_SHAPES[network], len(scorer.offsets)
    pictures = keras.Input((shape.height, shape.width, 3), name="pictures")
    features = compute_features(pictures)
    projection = keras.layers.Dense(classes, name="projection")
    nearness = keras.layers.Dense(classes, name="nearness")
    spread = keras.layers.Dense(classes, use_bias=False, name="spread")
    projections = projection(features)
    nearest = keras.ops.max(nearness(projections), axis=-1)
    score = nearest - keras.ops.sum(keras.ops.square(spread(projections)), axis=-1)
    projection.set_weights([scorer.kernel, scorer.bias])
    nearness.set_weights([2 * keras.ops.eye(classes), -scorer.offsets])
    spread.set_weights([scorer.spread])
    outputs = {"logits": head(features), "in_distribution": score}
    return keras.Model(pictures, outputs, name=network.value)


def assemble_seed_cnn(model: Any) -> Any:
    """Give the trained notebook network its in-distribution score: the energy of the logits.

    Liu et al., "Energy-based Out-of-distribution Detection" (NeurIPS 2020), with the sign turned.
    """
    logits = model.outputs[0]
    outputs = {"logits": logits, "in_distribution": keras.ops.logsumexp(logits, axis=-1)}
    return keras.Model(model.inputs[0], outputs, name=NetworkName.SEED_CNN.value)

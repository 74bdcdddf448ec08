"""The upper blocks of a backbone, apart from the lower ones, so that they can be fine-tuned by themselves.

The lower blocks stay frozen, and what they give for a picture, its maps, is computed once. In the upper blocks
every batch norm is folded into its convolution: their statistics are ImageNet's, and stay so.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.config import NetworkName
from worker.cnn.networks.efficientnet import BATCH_NORM_EPSILON, FEATURES, Group, groups, layer_name
from worker.cnn.networks.two_views import over_maps, over_pictures
from worker.cnn.quiet_tensorflow import keras

FIRST_GROUP: Final = 5
"""The last two groups of blocks are the upper ones: fewer were worse on sources never seen."""

SMALLEST_FEATURE: Final = 1e-2
"""Added before the square root of a feature, whose slope at zero is infinite."""


def build_lower_blocks(network: NetworkName, backbone: Any) -> Any:
    """Cut the backbone before its upper blocks: pictures to both views' maps (n, 2, side, side, channels)."""
    first = f"_blocks.{_first_block(network)}._expand_conv"
    lower = keras.Model(backbone.input, backbone.get_layer(layer_name(first)).input, name="lower_blocks")
    return over_pictures(lower, "lower_blocks_of_views")


def build_upper_blocks(network: NetworkName, backbone: Any) -> Any:
    """Copy the upper blocks, trainable: maps (n, 2, side, side, channels) to square roots of features (n, 2560)."""
    maps = backbone.get_layer(layer_name(f"_blocks.{_first_block(network)}._expand_conv")).input
    inputs = keras.Input(maps.shape[1:], name="maps")
    x, index = inputs, _first_block(network)
    for group in groups(network)[FIRST_GROUP:]:
        for repeat in range(group.repeats):
            x = _block(x, group, group.stride if repeat == 0 else 1, f"upper_{index}")
            index += 1
    x = keras.layers.ReLU(6)(keras.layers.Dense(FEATURES, name="upper_head")(x))
    pooled = keras.layers.GlobalAveragePooling2D()(x)
    upper = keras.Model(inputs, keras.ops.sqrt(pooled + SMALLEST_FEATURE), name="upper_blocks")
    _copy_weights(network, backbone, upper)
    return over_maps(upper, "upper_blocks_of_views")


def _first_block(network: NetworkName) -> int:
    return sum(group.repeats for group in groups(network)[:FIRST_GROUP])


def _block(x: Any, group: Group, stride: int, name: str) -> Any:
    """Expand, filter each channel, project; add the input where the shape stays.

    A dense layer is a convolution of one pixel, and on a processor twice as fast backwards.
    """
    channels = x.shape[-1]
    y = keras.layers.ReLU(6)(keras.layers.Dense(channels * group.expand, name=f"{name}_expand")(x))
    filtering = keras.layers.DepthwiseConv2D(group.kernel, stride, padding="same", name=f"{name}_depthwise")
    y = keras.layers.Dense(group.filters, name=f"{name}_project")(keras.layers.ReLU(6)(filtering(y)))
    return keras.layers.Add()([x, y]) if stride == 1 and channels == group.filters else y


def _copy_weights(network: NetworkName, backbone: Any, upper: Any) -> None:
    last = sum(group.repeats for group in groups(network))
    for index in range(_first_block(network), last):
        for kind, norm in (("expand", "_bn0"), ("depthwise", "_bn1"), ("project", "_bn2")):
            names = (layer_name(f"_blocks.{index}._{kind}_conv"), layer_name(f"_blocks.{index}.{norm}"))
            layer = upper.get_layer(f"upper_{index}_{kind}")
            layer.set_weights(_fold(layer, *(backbone.get_layer(name) for name in names)))
    layer = upper.get_layer("upper_head")
    layer.set_weights(_fold(layer, backbone.get_layer("_conv_head"), backbone.get_layer("_bn1")))


def _fold(layer: Any, convolution: Any, norm: Any) -> list[NDArray[np.float32]]:
    """Give kernel and bias that do what a convolution and the batch norm after it do."""
    (kernel,) = convolution.get_weights()
    gamma, beta, mean, variance = norm.get_weights()
    scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
    scaled = kernel * (scale[:, None] if isinstance(layer, keras.layers.DepthwiseConv2D) else scale)
    return [scaled.reshape(layer.kernel.shape), beta - mean * scale]

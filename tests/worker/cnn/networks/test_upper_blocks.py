import numpy as np
import pytest

from worker.cnn.config import INPUT_SHAPES, NetworkName
from worker.cnn.networks.efficientnet import build_backbone
from worker.cnn.networks.upper_blocks import SMALLEST_FEATURE, build_lower_blocks, build_upper_blocks

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("network", [NetworkName.EFFICIENTNET_LITE0, NetworkName.EFFICIENTNET_LITE2])
def test_lower_and_upper_blocks_give_the_backbones_features_of_both_views(network: NetworkName) -> None:
    backbone = build_backbone(network)
    lower, upper = build_lower_blocks(network, backbone), build_upper_blocks(network, backbone)
    shape = INPUT_SHAPES[network]
    pixels = np.random.default_rng(0).integers(0, 256, (1, shape.height, shape.width, 3))
    picture = pixels.astype(np.float32)
    views = np.concatenate(np.split(picture, 2, axis=1))
    expected = np.sqrt(np.asarray(backbone(views)) + SMALLEST_FEATURE).reshape(1, -1)
    maps = np.asarray(lower(picture))
    assert maps.shape[:2] == (1, 2)
    assert np.asarray(upper(maps)) == pytest.approx(expected, abs=1e-4)
    assert lower.trainable_variables == []
    assert len(upper.trainable_variables) == len(upper.variables)

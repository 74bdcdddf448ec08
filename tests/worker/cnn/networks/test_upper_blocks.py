import numpy as np
import pytest

from worker.cnn.config import NetworkName
from worker.cnn.networks.efficientnet import build_backbone
from worker.cnn.networks.upper_blocks import SMALLEST_FEATURE, build_lower_blocks, build_upper_blocks

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("network", [NetworkName.EFFICIENTNET_LITE0, NetworkName.EFFICIENTNET_LITE2])
def test_lower_and_upper_blocks_give_the_backbones_features(network: NetworkName) -> None:
    backbone = build_backbone(network)
    lower, upper = build_lower_blocks(network, backbone), build_upper_blocks(network, backbone)
    picture = np.random.default_rng(0).integers(0, 256, (1, *backbone.input_shape[1:])).astype(np.float32)
    expected = np.sqrt(np.asarray(backbone(picture)) + SMALLEST_FEATURE)
    assert np.asarray(upper(lower(picture))) == pytest.approx(expected, abs=1e-4)
    assert lower.trainable_variables == []
    assert len(upper.trainable_variables) == len(upper.variables)

from collections.abc import Callable

import numpy as np
import pytest

from worker.cnn.config import NetworkName
from worker.cnn.learning.features import compute_features
from worker.cnn.networks.efficientnet import build_backbone
from worker.cnn.pictures.dataset import Examples
from worker.cnn.progress import Progress

pytestmark = pytest.mark.slow

LITE0 = NetworkName.EFFICIENTNET_LITE0


def test_features_are_the_square_roots_of_the_backbones_of_both_views(
    drawn_examples: Callable[[NetworkName], Examples],
) -> None:
    pictures, reports = drawn_examples(LITE0).pictures[:3], list[Progress]()
    features = compute_features(LITE0, pictures, reports.append)
    views = pictures.reshape(-1, 224, 224, 3).astype(np.float32)
    pooled = np.asarray(build_backbone(LITE0)(views, training=False))
    assert features.shape == (3, 2560)
    assert np.allclose(features, np.sqrt(pooled).reshape(3, -1), atol=1e-3)
    assert [(report.stage, report.done, report.total) for report in reports] == [("features", 3, 3)]

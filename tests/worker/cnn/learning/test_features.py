from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from worker.cnn.config import NetworkName
from worker.cnn.learning.features import compute_features, feature_cache
from worker.cnn.networks.efficientnet import build_backbone
from worker.cnn.pictures.dataset import Examples
from worker.cnn.pictures.views import PLAIN_VIEWS, View
from worker.cnn.progress import Progress

pytestmark = pytest.mark.slow

LITE0 = NetworkName.EFFICIENTNET_LITE0


@pytest.fixture
def examples(drawn_examples: Callable[[NetworkName], Examples]) -> Examples:
    return drawn_examples(LITE0).select(np.arange(3))


def test_features_are_computed_once(examples: Examples, tmp_path: Path) -> None:
    reports = list[Progress]()
    first = compute_features(LITE0, examples, PLAIN_VIEWS, tmp_path, reports.append)
    assert first.shape == (2, 3, 2560)
    assert [(report.stage, report.done, report.total) for report in reports] == [("features", 6, 6)]
    again = compute_features(LITE0, examples, PLAIN_VIEWS, tmp_path, reports.append)
    assert np.array_equal(again, first)
    assert len(reports) == 1


def test_features_are_the_square_roots_of_the_backbones_of_both_views(
    examples: Examples, tmp_path: Path
) -> None:
    features = compute_features(LITE0, examples, (View.ORIGINAL,), tmp_path)[0]
    views = examples.pictures.reshape(-1, 224, 224, 3).astype(np.float32)
    pooled = np.asarray(build_backbone(LITE0)(views, training=False))
    assert np.allclose(features, np.sqrt(pooled).reshape(len(examples), -1), atol=1e-3)


def test_damaged_files_are_computed_again(examples: Examples, tmp_path: Path) -> None:
    first = compute_features(LITE0, examples, (View.ORIGINAL,), tmp_path)
    cache, keys = feature_cache(tmp_path, LITE0), examples.keys.tolist()
    cache.path(keys[0], View.ORIGINAL).write_bytes(b"")
    truncated = cache.path(keys[1], View.ORIGINAL)
    truncated.write_bytes(truncated.read_bytes()[:100])
    np.save(cache.path(keys[2], View.ORIGINAL), np.zeros(3))
    assert np.allclose(compute_features(LITE0, examples, (View.ORIGINAL,), tmp_path), first, atol=1e-4)
    assert list(tmp_path.rglob("*.part")) == []


def test_a_file_that_vanishes_before_it_is_read_is_computed_again(examples: Examples, tmp_path: Path) -> None:
    fresh = compute_features(LITE0, examples, (View.ORIGINAL,), tmp_path / "fresh")
    lost = feature_cache(tmp_path, LITE0).path(examples.keys[1], View.ORIGINAL)
    features = compute_features(LITE0, examples, (View.ORIGINAL,), tmp_path, lambda _filled: lost.unlink())
    assert np.allclose(features, fresh, atol=1e-4)
    assert lost.exists()

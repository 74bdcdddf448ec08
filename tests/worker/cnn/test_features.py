from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from worker.cnn.config import NetworkName
from worker.cnn.dataset import Examples
from worker.cnn.features import FeatureCache, compute_features
from worker.cnn.progress import Progress
from worker.cnn.views import View, view_picture


@pytest.fixture
def examples(drawn_examples: Callable[[NetworkName], Examples]) -> Examples:
    return drawn_examples(NetworkName.EFFICIENTNET_LITE0).select(np.arange(3))


def test_features_are_computed_once(examples: Examples, tmp_path: Path) -> None:
    cache, reports = FeatureCache(tmp_path), list[Progress]()
    first = compute_features(examples, tuple(View), cache, reports.append)
    assert first.shape == (len(View), 3, 1280)
    assert [(report.stage, report.done, report.total) for report in reports] == [("features", 6, 6)]
    again = compute_features(examples, tuple(View), cache, reports.append)
    assert np.array_equal(again, first)
    assert len(reports) == 1


def test_damaged_files_are_computed_again(examples: Examples, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    first = compute_features(examples, (View.ORIGINAL,), cache)
    keys = examples.keys.tolist()
    cache.path(keys[0], View.ORIGINAL).write_bytes(b"")
    truncated = cache.path(keys[1], View.ORIGINAL)
    truncated.write_bytes(truncated.read_bytes()[:100])
    np.save(cache.path(keys[2], View.ORIGINAL), np.zeros(3))
    assert np.allclose(compute_features(examples, (View.ORIGINAL,), cache), first, atol=1e-4)
    assert list(tmp_path.rglob("*.part")) == []


def test_the_mirror_image_is_a_view(examples: Examples) -> None:
    picture = examples.pictures[0]
    flipped = view_picture(picture, View.FLIPPED)
    assert np.array_equal(flipped[:, 0], picture[:, -1])
    assert np.array_equal(view_picture(picture, View.ORIGINAL), picture)

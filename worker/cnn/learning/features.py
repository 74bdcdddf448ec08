"""Features of a frozen backbone, computed once for each picture and view."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.config import VIEWS, NetworkName
from worker.cnn.learning.array_cache import ArrayCache, CachedArrays, Compute
from worker.cnn.networks.backbone import WEIGHTS_FILES
from worker.cnn.networks.efficientnet import FEATURES, build_backbone
from worker.cnn.networks.two_views import VIEWS_OF_A_PICTURE, over_pictures
from worker.cnn.pictures.dataset import Examples
from worker.cnn.pictures.views import View
from worker.cnn.progress import Report, no_report
from worker.cnn.quiet_tensorflow import tf
from worker.cnn.serving.conversion import convert
from worker.cnn.serving.inference import Signature
from worker.cnn.serving.litert import LiteRTEngine

FORMAT: Final = f"{VIEWS}-1"
"""Raise it when a view changes, so that features of before are not used again."""


def feature_cache(workdir: Path, network: NetworkName) -> ArrayCache:
    """Give the cache of a backbone's features in a working folder."""
    name = f"{WEIGHTS_FILES[network].sha256[:16]}-{FORMAT}"
    return ArrayCache(workdir / "features" / name, (VIEWS_OF_A_PICTURE, FEATURES), np.float32)


def compute_features(
    network: NetworkName,
    examples: Examples,
    views: Sequence[View],
    workdir: Path,
    report: Report = no_report,
) -> NDArray[np.float32]:
    """Give the features of every picture in every view: float32 (views, n, 2560), square roots.

    They bring the features nearer to normal. The working folder keeps the features for the next training.
    """
    features = CachedArrays(
        feature_cache(workdir, network), examples, stage="features", prepare=lambda: _backbone_engine(network)
    )
    features.fill(views, report)
    rows = np.tile(np.arange(len(examples)), len(views))
    shown = [view for view in views for _ in range(len(examples))]
    return np.sqrt(features.read(rows, shown).reshape(len(views), len(examples), -1))


def _backbone_engine(network: NetworkName) -> Compute:
    """Run the backbone with LiteRT, which takes half of TensorFlow's time."""
    backbone = over_pictures(build_backbone(network), "backbone")
    signature = Signature(tuple(backbone.input_shape[1:]), {"features": tuple(backbone.output_shape[1:])})
    engine = LiteRTEngine(convert(backbone), signature)
    return lambda pictures: engine(pictures)["features"]


def compile_for_pictures(model: Any) -> Any:
    """Compile a model into a function of uint8 pictures; a graph needs a third of eager mode's memory."""
    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)]
    return tf.function(lambda x: model(tf.cast(x, tf.float32), training=False), input_signature=signature)

"""Features of a frozen backbone, computed once for each picture and view."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.config import NetworkName
from worker.cnn.learning.array_cache import ArrayCache, CachedArrays
from worker.cnn.networks.backbone import WEIGHTS_FILES
from worker.cnn.networks.efficientnet import FEATURES, build_backbone
from worker.cnn.pictures.dataset import Examples
from worker.cnn.pictures.views import View
from worker.cnn.progress import Report, no_report
from worker.cnn.quiet_tensorflow import tf

FORMAT: Final = 1
"""Raise it when fitting or a view changes, so that features of before are not used again."""


def feature_cache(workdir: Path, network: NetworkName) -> ArrayCache:
    """Give the cache of a backbone's features in a working folder."""
    name = f"{WEIGHTS_FILES[network].sha256[:16]}-{FORMAT}"
    return ArrayCache(workdir / "features" / name, (FEATURES,), np.float32)


def compute_features(
    network: NetworkName,
    examples: Examples,
    views: Sequence[View],
    workdir: Path,
    report: Report = no_report,
) -> NDArray[np.float32]:
    """Give the features of every picture in every view: float32 (views, n, 1280).

    The working folder keeps them for the next training.
    """
    features = CachedArrays(
        feature_cache(workdir, network),
        examples,
        stage="features",
        prepare=lambda: compile_for_pictures(build_backbone(network)),
    )
    features.fill(views, report)
    rows = np.tile(np.arange(len(examples)), len(views))
    shown = [view for view in views for _ in range(len(examples))]
    return features.read(rows, shown).reshape(len(views), len(examples), FEATURES)


def compile_for_pictures(model: Any) -> Any:
    """Compile a model into a function of uint8 pictures; a graph needs a third of eager mode's memory."""
    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)]
    return tf.function(lambda x: model(tf.cast(x, tf.float32), training=False), input_signature=signature)

"""Maps: what the frozen lower blocks of a backbone give for a picture in a view, computed once and kept in files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.config import VIEWS, NetworkName
from worker.cnn.learning.array_cache import ArrayCache, CachedArrays
from worker.cnn.learning.features import compile_for_pictures
from worker.cnn.networks.backbone import WEIGHTS_FILES
from worker.cnn.networks.upper_blocks import FIRST_GROUP
from worker.cnn.pictures.dataset import Examples
from worker.cnn.pictures.views import View
from worker.cnn.progress import Report
from worker.cnn.quiet_tensorflow import tf

FORMAT: Final = f"{VIEWS}-1"
"""Raise it when a view changes, so that maps of before are not used again."""

_BATCH_SIZE: Final = 64


def open_map_cache(folder: Path, network: NetworkName, lower: Any) -> ArrayCache:
    """Give the cache of what a network's lower blocks compute, in the folder that training runs share."""
    name = f"{WEIGHTS_FILES[network].sha256[:16]}-{FIRST_GROUP}-{FORMAT}"
    return ArrayCache(folder / "maps" / name, tuple(lower.output.shape[1:]), np.float16)


def compute_maps(
    lower: Any, examples: Examples, views: Sequence[View], cache: ArrayCache, report: Report
) -> CachedArrays:
    """Compute the maps of every picture in every view that the cache lacks."""
    maps = CachedArrays(cache, examples, stage="maps", prepare=lambda: compile_for_pictures(lower))
    maps.fill(views, report)
    return maps


def pool_maps(upper: Any, maps: CachedArrays, views: Sequence[View]) -> NDArray[np.float32]:
    """Run the upper blocks over every picture in every view: float32 (views * n, 2560), view by view."""
    forward = tf.function(lambda x: upper(x, training=False), reduce_retracing=True)
    pooled = []
    for view in views:
        for start in range(0, len(maps), _BATCH_SIZE):
            rows = np.arange(start, min(start + _BATCH_SIZE, len(maps)))
            pooled.append(np.asarray(forward(maps.read(rows, [view] * len(rows)))))
    return np.concatenate(pooled)

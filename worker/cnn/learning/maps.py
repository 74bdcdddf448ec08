"""Maps: what the frozen lower blocks of a backbone give for a picture in a view, computed once and kept in files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.config import NetworkName
from worker.cnn.learning.array_cache import ArrayCache, Computation, fill
from worker.cnn.learning.features import compile_for_pictures
from worker.cnn.networks.backbone import WEIGHTS_FILES
from worker.cnn.networks.upper_blocks import FIRST_GROUP
from worker.cnn.pictures.dataset import Examples
from worker.cnn.pictures.views import View
from worker.cnn.progress import Report
from worker.cnn.quiet_tensorflow import tf

FORMAT: Final = 1
"""Raise it when fitting or a view changes, so that maps of before are not used again."""

_BATCH_SIZE: Final = 64


@dataclass(frozen=True)
class Maps:
    """The maps of n pictures, read when they are needed, since those of all views hardly fit into memory.

    Attributes:
        cache: holds them as float16 (side, side, channels).
        keys: str (n,), the SHA-256 of each picture's image.
    """

    cache: ArrayCache
    keys: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.keys)

    def read(self, rows: NDArray[np.int64], views: Sequence[View]) -> NDArray[np.float32]:
        """Read one map for each row, in the view of the same place: float32 (rows, side, side, channels)."""
        keys = self.keys[rows].tolist()
        maps = np.empty((len(rows), *self.cache.shape), np.float32)
        for place, (key, view) in enumerate(zip(keys, views, strict=True)):
            maps[place] = self.cache.read(key, view)
        return maps


def open_map_cache(folder: Path, network: NetworkName, lower: Any) -> ArrayCache:
    """Give the cache of what a network's lower blocks compute, in the folder that training runs share."""
    name = f"{WEIGHTS_FILES[network].sha256[:16]}-{FIRST_GROUP}-{FORMAT}"
    return ArrayCache(folder / "maps" / name, tuple(lower.output.shape[1:]), np.float16)


def compute_maps(
    lower: Any, examples: Examples, views: Sequence[View], cache: ArrayCache, report: Report
) -> Maps:
    """Compute the maps of every picture in every view that the cache lacks."""
    fill(cache, examples, views, Computation("maps", lambda: compile_for_pictures(lower)), report)
    return Maps(cache, examples.keys)


def pool_maps(upper: Any, maps: Maps, views: Sequence[View]) -> NDArray[np.float32]:
    """Run the upper blocks over every picture in every view: float32 (views * n, 1280), view by view."""
    forward = tf.function(lambda x: upper(x, training=False), reduce_retracing=True)
    pooled = []
    for view in views:
        for start in range(0, len(maps), _BATCH_SIZE):
            rows = np.arange(start, min(start + _BATCH_SIZE, len(maps)))
            pooled.append(np.asarray(forward(maps.read(rows, [view] * len(rows)))))
    return np.concatenate(pooled)

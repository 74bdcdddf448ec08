"""Features of the frozen backbone, computed once for each picture and view and kept in files."""

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn import backbone
from worker.cnn.dataset import Examples
from worker.cnn.efficientnet import FEATURES, build_backbone
from worker.cnn.engine import tf
from worker.cnn.progress import Progress, Report, no_report
from worker.cnn.views import View, view_picture

BATCH_SIZE: Final = 32

FORMAT: Final = 1
"""Raise it when fitting or a view changes, so that features of before are not used again."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FeatureCache:
    """A folder with one file for each picture and view; a file appears whole or not at all."""

    folder: Path

    def path(self, key: str, view: View) -> Path:
        """Name the file of a picture, by its image's SHA-256, in a view."""
        return self.folder / f"{backbone.SHA256[:16]}-{FORMAT}" / key[:2] / f"{key}-{view}.npy"

    def read(self, key: str, view: View) -> NDArray[np.float32] | None:
        """Give the cached features, or None where there are none that can be read."""
        path = self.path(key, view)
        try:
            features = np.load(path, allow_pickle=False)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError) as error:
            logger.warning("computing features again, their file is damaged: %s (%s)", path, error)
            return None
        return features if features.shape == (FEATURES,) and features.dtype == np.float32 else None

    def write(self, key: str, view: View, features: NDArray[np.float32]) -> None:
        """Keep the features of a picture in a view."""
        path = self.path(key, view)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            np.save(part, features)
        Path(part.name).replace(path)


def compute_features(
    examples: Examples, views: Sequence[View], cache: FeatureCache, report: Report = no_report
) -> NDArray[np.float32]:
    """Give the features of every picture in every view: float32 (views, n, 1280).

    What the cache lacks is computed in batches, and kept as soon as its batch is done.
    """
    features = np.empty((len(views), len(examples), FEATURES), np.float32)
    keys, missing = examples.keys.tolist(), []
    for place, row in np.ndindex(features.shape[:2]):
        known = cache.read(keys[row], views[place])
        if known is None:
            missing.append((place, row))
        else:
            features[place, row] = known
    if not missing:
        return features
    extract = _extractor()
    for start in range(0, len(missing), BATCH_SIZE):
        batch = missing[start : start + BATCH_SIZE]
        pictures = [view_picture(examples.pictures[row], views[place]) for place, row in batch]
        for (place, row), values in zip(batch, np.asarray(extract(np.stack(pictures))), strict=True):
            features[place, row] = values
            cache.write(keys[row], views[place], values)
        report(Progress("features", start + len(batch), len(missing)))
    return features


def _extractor() -> Any:
    """Compile a function from uint8 pictures to features; a graph needs a third of eager mode's memory."""
    model = build_backbone()
    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)]
    return tf.function(lambda x: model(tf.cast(x, tf.float32), training=False), input_signature=signature)

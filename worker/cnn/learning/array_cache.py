"""Arrays computed once for each picture and view, and kept in files."""

import logging
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from worker.cnn.arrays import Pictures
from worker.cnn.pictures.alterations import view_picture
from worker.cnn.pictures.dataset import Examples
from worker.cnn.pictures.views import View
from worker.cnn.progress import Progress, Report

BATCH_SIZE: Final = 32

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ArrayCache:
    """A folder with one file for each picture and view; a file appears whole or not at all.

    Attributes:
        folder: belongs to what computes the arrays; another backbone has another folder.
        shape: of each array.
        dtype: of each array.
    """

    folder: Path
    shape: tuple[int, ...]
    dtype: DTypeLike

    def path(self, key: str, view: View) -> Path:
        """Name the file of a picture, by its image's SHA-256, in a view."""
        return self.folder / key[:2] / f"{key}-{view}.npy"

    def read(self, key: str, view: View) -> NDArray[Any] | None:
        """Give the cached array, or None where there is none that can be read."""
        path = self.path(key, view)
        try:
            array = np.load(path, allow_pickle=False)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError) as error:
            logger.warning("computing an array again, its file is damaged: %s (%s)", path, error)
            return None
        return array if array.shape == self.shape and array.dtype == self.dtype else None

    def write(self, key: str, view: View, array: NDArray[Any]) -> None:
        """Keep the array of a picture in a view."""
        path = self.path(key, view)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            np.save(part, array.astype(self.dtype))
        Path(part.name).replace(path)


Compute = Callable[[Pictures], Any]
"""From pictures, uint8 (n, height, width, 3), to their arrays (n, ...)."""


@dataclass(frozen=True)
class Computation:
    """What fills a cache.

    Attributes:
        stage: its name in progress.
        prepare: makes the function that computes, which may take seconds; called only if an array is missing.
    """

    stage: str
    prepare: Callable[[], Compute]


def fill(
    cache: ArrayCache, examples: Examples, views: Sequence[View], computation: Computation, report: Report
) -> None:
    """Compute what the cache lacks of every picture in every view, in batches that are kept at once.

    The pictures of the next batch are altered in threads while the arrays of this one are computed.
    """
    keys = examples.keys.tolist()
    missing = [(row, view) for view in views for row, key in enumerate(keys) if cache.read(key, view) is None]
    if not missing:
        return
    compute = computation.prepare()
    batches = [missing[start : start + BATCH_SIZE] for start in range(0, len(missing), BATCH_SIZE)]

    def show(item: tuple[int, View]) -> Pictures:
        return view_picture(examples.pictures[item[0]], item[1], keys[item[0]])

    with ThreadPoolExecutor() as threads:
        shown = [threads.submit(show, item) for item in batches[0]]
        for number, batch in enumerate(batches):
            pictures = np.stack([future.result() for future in shown])
            following = batches[number + 1] if number + 1 < len(batches) else []
            shown = [threads.submit(show, item) for item in following]
            for (row, view), array in zip(batch, np.asarray(compute(pictures)), strict=True):
                cache.write(keys[row], view, array)
            report(Progress(computation.stage, number * BATCH_SIZE + len(batch), len(missing)))

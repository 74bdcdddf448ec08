"""Arrays computed once for each picture and view, and kept in files; one that is lost is computed again."""

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tokenize import TokenError
from typing import Any, Final, TypeAlias

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
        """Give the cached array, or None where there is none that can be read and is whole."""
        path = self.path(key, view)
        try:
            array = np.load(path, allow_pickle=False)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError, TypeError, TokenError) as error:  # the last two: of its header
            logger.warning("computing an array again, its file is damaged: %s (%s)", path, error)
            return None
        if array.shape == self.shape and array.dtype == self.dtype and np.isfinite(array).all():
            return np.asarray(array)
        logger.warning(
            "computing an array again, its file holds another: %s (%s %s)", path, array.dtype, array.shape
        )
        return None

    def write(self, key: str, view: View, array: NDArray[Any]) -> None:
        """Keep the array of a picture in a view."""
        path = self.path(key, view)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            np.save(part, array)
        Path(part.name).replace(path)


Compute: TypeAlias = Callable[[Pictures], Any]
"""From pictures, uint8 (n, height, width, 3), to their arrays (n, ...)."""

_Shown: TypeAlias = tuple[int, View]
"""The row of a picture, and the view to show it in."""


@dataclass(frozen=True)
class CachedArrays:
    """The arrays of n pictures in any view: from the cache, or computed where it has none that can be read.

    Attributes:
        cache: keeps them.
        examples: the pictures.
        stage: the name of the computation in progress.
        prepare: makes the function that computes, which may take seconds; called only if an array is missing.
    """

    cache: ArrayCache
    examples: Examples
    stage: str
    prepare: Callable[[], Compute]

    def __len__(self) -> int:
        return len(self.examples)

    def fill(self, views: Sequence[View], report: Report) -> None:
        """Compute what the cache lacks of every picture in every view, in batches that are kept at once."""
        missing = [
            (row, view) for view in views for row in range(len(self)) if self._cached(row, view) is None
        ]
        done = 0
        for batch, _ in self._compute(missing):
            done += len(batch)
            report(Progress(self.stage, done, len(missing)))

    def read(self, rows: NDArray[np.int64], views: Sequence[View]) -> NDArray[np.float32]:
        """Give one array for each row, in the view of the same place: float32 (rows, ...).

        Read them when they are needed: those of all views hardly fit into memory.
        """
        arrays = np.empty((len(rows), *self.cache.shape), np.float32)
        missing: dict[_Shown, list[int]] = {}
        for place, (row, view) in enumerate(zip(rows.tolist(), views, strict=True)):
            array = self._cached(row, view)
            if array is None:
                missing.setdefault((row, view), []).append(place)
            else:
                arrays[place] = array
        if missing:
            logger.warning(
                "%d %s are no longer in their files and are computed again", len(missing), self.stage
            )
        for batch, computed in self._compute(list(missing)):
            for shown, array in zip(batch, computed, strict=True):
                arrays[missing[shown]] = array
        return arrays

    def _cached(self, row: int, view: View) -> NDArray[Any] | None:
        return self.cache.read(self._keys[row], view)

    def _compute(self, missing: Sequence[_Shown]) -> Iterator[tuple[Sequence[_Shown], NDArray[Any]]]:
        """Compute and keep arrays batch by batch, and give each batch with its arrays, of the cache's dtype.

        The pictures of the next batch are altered in threads while the arrays of this one are computed.
        """
        if not missing:
            return
        batches = [missing[start : start + BATCH_SIZE] for start in range(0, len(missing), BATCH_SIZE)]
        with ThreadPoolExecutor() as threads:
            altered = [threads.submit(self._show, *shown) for shown in batches[0]]
            for batch, following in zip(batches, [*batches[1:], ()], strict=True):
                pictures = np.stack([future.result() for future in altered])
                altered = [threads.submit(self._show, *shown) for shown in following]
                arrays = np.asarray(self._prepared(pictures)).astype(self.cache.dtype)
                for (row, view), array in zip(batch, arrays, strict=True):
                    self.cache.write(self._keys[row], view, array)
                yield batch, arrays

    def _show(self, row: int, view: View) -> Pictures:
        return view_picture(self.examples.pictures[row], view, self._keys[row])

    @cached_property
    def _keys(self) -> list[str]:
        return list(self.examples.keys.tolist())

    @cached_property
    def _prepared(self) -> Compute:
        return self.prepare()

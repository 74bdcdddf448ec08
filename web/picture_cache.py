"""Small pictures for screens: re-encoded, so that nothing of a hostile file reaches a browser, and kept on disk."""

import io
import logging
import shutil
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final
from uuid import uuid4

from db.pictures.thumbnails import thumbnail

SIDES: Final = (160, 320, 640)
"""Of the squares that small pictures fit into, in pixels."""

LARGEST_BYTES: Final = 512 * 1024 * 1024
"""Of the cache: some 80,000 pictures; beyond it those that were kept first go, half of all."""

_QUALITY: Final = 80
_LOG: Final = logging.getLogger(__name__)


class PictureCache:
    """Keeps WebP files below a folder; a folder that cannot be written costs time, nothing else.

    Args:
        folder: made when the first picture comes.
        largest_bytes: of all files together; at most half of the disk is taken.
    """

    def __init__(self, folder: Path, largest_bytes: int = LARGEST_BYTES) -> None:
        self._folder, self._largest = folder, min(largest_bytes, _size_of_disk(folder) // 2)
        self._lock, self._bytes = Lock(), None if folder.is_dir() else 0

    def find(self, sha256: str, side: int) -> bytes | None:
        """Give the picture if it is here."""
        try:
            return self._path(sha256, side).read_bytes()
        except OSError:
            return None

    def make(self, sha256: str, side: int, data: bytes) -> bytes:
        """Encode a picture so that it fits a square of `side` pixels, and keep it.

        Raises:
            PictureError: the bytes are no picture, for the reasons of decode_picture.
        """
        stream = io.BytesIO()
        small = thumbnail(data, side)
        small.info.clear()  # the original's profile and comments go with it
        small.save(stream, "WEBP", quality=_QUALITY, method=0)
        encoded = stream.getvalue()
        try:
            self._keep(self._path(sha256, side), encoded)
        except OSError as error:
            _LOG.debug("small picture not kept: %s", error)
        return encoded

    def _path(self, sha256: str, side: int) -> Path:
        return self._folder / sha256[:2] / f"{sha256}-{side}.webp"

    def _keep(self, path: Path, encoded: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{uuid4().hex}.part")
        try:
            part.write_bytes(encoded)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        with self._lock:
            if self._bytes is None:
                self._bytes = sum(file.stat().st_size for file in self._folder.glob("*/*.webp"))
            self._bytes += len(encoded)
            if self._bytes > self._largest:
                self._bytes = self._make_room()

    def _make_room(self) -> int:
        """Remove the pictures that were kept first, until half of the room is free; give the bytes that are left."""
        files = sorted(
            (file.stat().st_mtime, file.stat().st_size, file) for file in self._folder.glob("*/*.webp")
        )
        left = sum(size for _, size, _ in files)
        for _, size, file in files:
            if left <= self._largest // 2:
                break
            with suppress(OSError):  # another page beside this one may be quicker
                file.unlink()
            left -= size
        return left


def _size_of_disk(folder: Path) -> int:
    there = next(each for each in (folder, *folder.parents) if each.is_dir())
    return shutil.disk_usage(there).total

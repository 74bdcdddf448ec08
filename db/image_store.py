"""Where the bytes of pictures are: in the database, or in files at any address that fsspec understands."""

import hashlib
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import fsspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import ImageStoreError
from db.models import Image
from db.settings import settings

_BUCKETS: Final = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "az", "oci", "r2"})
"""Protocols whose objects appear whole or not at all, and that know no folders."""

_PARTS: Final = "parts"
"""The folder of what is being written; a picture that is complete is moved out of it."""

_ABANDONED_SECONDS: Final = 24 * 3600
"""The writer of a part as old as this was killed."""


class ImageStore:
    """Keeps bytes under their SHA-256, so that writing twice changes nothing.

    Args:
        address: `db:` for the column images.data, else an fsspec address of a folder or bucket, such as
            `file:///srv/pictures` or `s3://pictures` (credentials and endpoint as AWS' own tools read them).

    Raises:
        ImageStoreError: nobody understands the address, or the library for it is not installed.
    """

    def __init__(self, address: str) -> None:
        self._files: Any = None
        if address == "db:":
            return
        try:
            self._files, root = fsspec.core.url_to_fs(address)
        except (ImportError, ValueError) as error:
            raise ImageStoreError(f"IMAGE_STORE cannot be opened ({error}); got {address!r}") from error
        self._root = root.rstrip("/")
        protocols = (
            {self._files.protocol} if isinstance(self._files.protocol, str) else {*self._files.protocol}
        )
        self._is_bucket = not protocols.isdisjoint(_BUCKETS)
        self._errors = _errors_of(protocols)
        self._is_swept = "file" not in protocols

    def keep(self, sha256: str, data: bytes) -> bytes | None:
        """Store the bytes; give what the row's data column has to hold (None where files hold them).

        Raises:
            ImageStoreError: the bytes could not be written.
        """
        if self._files is None:
            return data
        path = self._path(sha256)
        try:
            if self._is_bucket:
                self._files.pipe_file(path, data)
            else:
                self._write_beside(path, data)
        except self._errors as error:
            raise ImageStoreError(f"cannot write to the image store ({error}); got {path}") from error
        return None

    def read(self, session: Session, image_ids: Iterable[int]) -> dict[int, bytes]:
        """Read the bytes of the images by id; one whose bytes are gone or damaged is left out.

        Raises:
            ImageStoreError: the store does not answer, or is not there at all.
        """
        rows = session.execute(
            select(Image.id, Image.sha256, Image.data).where(Image.id.in_(list(image_ids)))
        ).all()
        found = {image_id: data for image_id, _, data in rows if data is not None}
        elsewhere = {image_id: sha256 for image_id, sha256, data in rows if data is None}
        return found if self._files is None else found | self._read_files(elsewhere)

    def forget(self, sha256: str) -> None:
        """Remove the bytes from the files; in the database they go with their row.

        Raises:
            ImageStoreError: the bytes could not be removed.
        """
        if self._files is None:
            return
        path = self._path(sha256)
        try:
            self._files.rm_file(path)
        except FileNotFoundError:
            return
        except self._errors as error:
            raise ImageStoreError(f"cannot remove from the image store ({error}); got {path}") from error

    def _write_beside(self, path: str, data: bytes) -> None:
        """Write under a name of its own and rename: whoever is killed leaves no half of a picture."""
        part = f"{self._root}/{_PARTS}/{uuid4().hex}.part"
        for folder in (part, path):
            self._files.makedirs(folder.rsplit("/", 1)[0], exist_ok=True)
        self._sweep_parts()
        try:
            self._files.pipe_file(part, data)
            self._files.mv(part, path)
        except BaseException:
            if self._files.exists(part):
                self._files.rm_file(part)
            raise

    def _sweep_parts(self) -> None:
        """Remove, once a process, what killed writers have left in a folder; other stores may tell no times."""
        if self._is_swept:
            return
        self._is_swept = True
        for part in Path(self._root, _PARTS).glob("*.part"):
            with suppress(OSError):  # another writer may be quicker
                if part.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                    part.unlink()

    def _read_files(self, sha256s: Mapping[int, str]) -> dict[int, bytes]:
        """Read all of them at once where the store can, and check each against its name."""
        if not sha256s:
            return {}
        paths = {image_id: self._path(sha256) for image_id, sha256 in sha256s.items()}
        answers = self._files.cat([*paths.values()], on_error="return")
        found = {}
        for image_id, sha256 in sha256s.items():
            answer = answers[paths[image_id]]
            if isinstance(answer, FileNotFoundError):
                self._require_root()
            elif isinstance(answer, BaseException):
                raise ImageStoreError(
                    f"cannot read from the image store ({answer}); got {sha256}"
                ) from answer
            elif hashlib.sha256(answer).hexdigest() == sha256:
                found[image_id] = bytes(answer)
        return found

    def _require_root(self) -> None:
        """Tell a picture that is gone from a disk that is not mounted, or a bucket that was renamed."""
        root = self._root.partition("/")[0] if self._is_bucket else self._root
        try:
            if self._files.exists(root):
                return
        except self._errors as error:
            raise ImageStoreError(f"cannot read from the image store ({error}); got {root}") from error
        raise ImageStoreError(f"the image store is not there: mount it, or correct IMAGE_STORE; got {root}")

    def _path(self, sha256: str) -> str:
        return f"{self._root}/{sha256[:2]}/{sha256}"


def _errors_of(protocols: set[str]) -> tuple[type[Exception], ...]:
    """Name what a store raises when it cannot be used; S3's library has a family of errors of its own."""
    if protocols.isdisjoint({"s3", "s3a"}):
        return (OSError,)
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - there where s3fs is

    return OSError, BotoCoreError


@cache
def open_image_store() -> ImageStore:
    """Open the store at IMAGE_STORE, once a process."""
    return ImageStore(settings().image_store)

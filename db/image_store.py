"""Where the bytes of pictures are: in the database, or in files at any address that fsspec understands."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import fsspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import ImageStoreError
from db.models import Image
from db.settings import settings


class ImageStore:
    """Keeps bytes under their SHA-256, so that writing twice changes nothing.

    Args:
        address: `db:` for the column images.data, else an fsspec address of a folder or bucket, such as
            `file:///srv/pictures` or `s3://pictures`.
    """

    def __init__(self, address: str) -> None:
        self._files: Any = None
        if address != "db:":
            try:
                self._files, self._root = fsspec.core.url_to_fs(address)
            except (ImportError, ValueError) as error:
                raise ImageStoreError(f"IMAGE_STORE cannot be opened ({error}); got {address!r}") from error

    def keep(self, sha256: str, data: bytes) -> bytes | None:
        """Store the bytes; return what the row's data column has to hold (None where files hold them)."""
        if self._files is None:
            return data
        path = self._path(sha256)
        try:
            if not self._files.exists(path):
                self._files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
                self._files.pipe_file(f"{path}.part", data)
                self._files.mv(f"{path}.part", path)
        except OSError as error:
            raise ImageStoreError(f"cannot write to the image store ({error}); got {path}") from error
        return None

    def read(self, session: Session, image_ids: Iterable[int]) -> dict[int, bytes]:
        """Read the bytes of the images by id; one whose bytes are gone is left out."""
        rows = session.execute(
            select(Image.id, Image.sha256, Image.data).where(Image.id.in_(list(image_ids)))
        )
        found = {image_id: data or self._file(sha256) for image_id, sha256, data in rows}
        return {image_id: data for image_id, data in found.items() if data is not None}

    def _file(self, sha256: str) -> bytes | None:
        if self._files is None:
            return None
        try:
            return bytes(self._files.cat_file(self._path(sha256)))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ImageStoreError(f"cannot read from the image store ({error}); got {sha256}") from error

    def _path(self, sha256: str) -> str:
        return f"{self._root}/{sha256[:2]}/{sha256}"


@cache
def open_image_store() -> ImageStore:
    """Open the store at IMAGE_STORE, once a process."""
    return ImageStore(settings().image_store)

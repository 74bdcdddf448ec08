"""The files of a folder of pictures, as people mean it: through links, without what is hidden."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from db.errors import UnreadableFolderError


def visible_files(folder: Path) -> Iterator[Path]:
    """List the files below a folder in the order of their paths.

    Links to folders are followed, but for one that leads back to a folder around it. Left out is what is hidden, such
    as `.DS_Store`, `._1.jpg` and `.git/`.

    Raises:
        UnreadableFolderError: a folder cannot be listed.
    """
    yield from _below(folder, frozenset())


def readable_name(path: Path) -> str:
    r"""Give a path as text with slashes; bytes that are no UTF-8 stand in it like `\xe9`."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def path_of_address(address: str | None) -> Path | None:
    """Give the path of a `file:` address, the reverse of Path.as_uri; None for any other address."""
    parts = urlsplit(address or "")
    return Path(os.fsdecode(unquote_to_bytes(parts.path))) if parts.scheme == "file" else None


def _below(folder: Path, around: frozenset[tuple[int, int]]) -> Iterator[Path]:
    try:
        status = folder.stat()
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise UnreadableFolderError(f"cannot read a folder ({error.strerror}); got {folder}") from error
    this = (status.st_dev, status.st_ino)
    if this in around:
        return
    for path in paths:
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _below(path, around | {this})
        elif path.is_file():
            yield path

"""Where results are written to: complete or not at all, and refused before the work rather than after it."""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from db.errors import OutputFileError

_OPEN_FILES: Final = (Path("/dev"), Path("/proc"))
"""A link there, such as /dev/stdout, leads to an open file of whatever kind."""


@contextmanager
def written_to(path: Path | None) -> Iterator[IO[bytes]]:
    """Give a binary stream to a place that shows what is written when it is complete, and not before.

    Args:
        path: of a file, which takes its place at the end of the block; its folder is made if need be. A link stays,
            and what it leads to is replaced. A device or a pipe is written through. None is standard output.

    Raises:
        OutputFileError: nothing can be written there, or no longer.
    """
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        if _is_stream(path):
            with path.open("wb") as stream:
                yield stream
        else:
            yield from _replace(path.resolve())
    except OSError as error:
        raise _refusal(path, error) from error


def require_writable(path: Path) -> None:
    """Raise OutputFileError, before the work begins, where a file cannot be written at its end."""
    try:
        if _is_stream(path):  # not opened: whoever reads from a pipe would take that for its end
            if not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        else:
            part = _part_of(path.resolve())
            part.touch()
            part.unlink()
    except OSError as error:
        raise _refusal(path, error) from error


def _replace(path: Path) -> Iterator[IO[bytes]]:
    part = _part_of(path)
    try:
        with part.open("wb") as stream:
            yield stream
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _is_stream(path: Path) -> bool:
    """Say whether a path leads to something that bytes pass through: replacing it would take it from others."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow /dev/stdout into nowhere
    if absolute.is_symlink() and any(absolute.is_relative_to(folder) for folder in _OPEN_FILES):
        return True
    return path.exists() and not stat.S_ISREG(path.stat().st_mode)


def _part_of(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.part")


def _refusal(path: Path, error: OSError) -> OutputFileError:
    return OutputFileError(
        f"cannot write there ({error.strerror or error}): name a folder that takes files; got {path}"
    )

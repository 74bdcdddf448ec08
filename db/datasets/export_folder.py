"""The folder of an export: replaced as a whole, and never anybody's other files."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from db.errors import ExportFolderError
from db.models import Split

MARK: Final = "vastra-export.json"
"""The file that tells an earlier export, which may be replaced, from other people's files."""

PARQUET: Final = "pictures.parquet"

_EXPORTED: Final = (*Split, PARQUET, MARK)
"""What an export is made of; its mark goes last, so that what is left of it is known for one."""

_PART: Final = ".vastra-export.part"
"""In a mount point, whose neighbours are on other disks."""


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a folder to write to, which takes the target's place at the end of the block and not before.

    A link stays, and the folder that it leads to is replaced. A mount point stays too: what is in it gives way
    part by part, so that an export which is killed just then has to be run again.

    Raises:
        ExportFolderError: the target holds files and is no earlier export, or cannot be written, or another is at it.
    """
    target = target.resolve()
    try:
        yield from _replace_mounted(target) if target.is_mount() else _replace(target)
    except OSError as error:
        raise ExportFolderError(f"cannot export there ({error.strerror or error}); got {target}") from error


def _replace(target: Path) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    part, old = (target.with_name(f".{target.name}.{word}") for word in ("part", "old"))
    with _new_folder(part):
        if old.exists() and not target.exists():  # an export was killed between the two renamings below
            old.rename(target)
        _require_replaceable(target)
        shutil.rmtree(old, ignore_errors=True)
        yield part
        if target.exists():
            target.rename(old)
        part.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def _replace_mounted(target: Path) -> Iterator[Path]:
    _require_replaceable(target)
    part = target / _PART
    with _new_folder(part):
        yield part
        for name in _EXPORTED:
            if (target / name).is_dir():
                shutil.rmtree(target / name)
            elif name != MARK:
                (target / name).unlink(missing_ok=True)
        for name in reversed(_EXPORTED):  # the mark first, likewise
            if (part / name).exists():
                (part / name).replace(target / name)
        part.rmdir()


@contextmanager
def _new_folder(part: Path) -> Iterator[None]:
    """Have an empty folder for oneself; one that is left by an error, or by Ctrl-C, is removed.

    The folder itself is locked, which ends with the process that did so and leaves no file behind.
    """
    part.mkdir(exist_ok=True)
    descriptor = os.open(part, os.O_RDONLY)
    try:
        _lock(descriptor, part)
        for left in part.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        try:
            yield
        except BaseException:
            shutil.rmtree(part)
            raise
    finally:
        os.close(descriptor)


def _lock(descriptor: int, part: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_same = os.path.samestat(
            os.fstat(descriptor), part.stat()
        )  # else it has just become another's target
    except (BlockingIOError, FileNotFoundError):
        is_same = False
    if not is_same:
        raise ExportFolderError(f"another export writes there: wait for its end; got {part.parent}")


def _require_replaceable(target: Path) -> None:
    if not target.exists() or (target / MARK).is_file():
        return
    if not target.is_dir() or any(path.name not in {_PART, "lost+found"} for path in target.iterdir()):
        raise ExportFolderError(f"name an empty or new folder, or an earlier export; got {target}")

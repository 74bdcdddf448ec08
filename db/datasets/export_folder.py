"""The folder of an export: replaced as a whole, and never anybody's other files."""

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
        ExportFolderError: the target holds files and is no earlier export, or cannot be written.
    """
    target = target.resolve()
    try:
        yield from _replace_mounted(target) if target.is_mount() else _replace(target)
    except OSError as error:
        raise ExportFolderError(f"cannot export there ({error.strerror or error}); got {target}") from error


def _replace(target: Path) -> Iterator[Path]:
    _require_replaceable(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part, old = (target.with_name(f".{target.name}.{word}") for word in ("part", "old"))
    yield from _new_folder(part)
    if target.exists():
        target.rename(old)
    part.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _replace_mounted(target: Path) -> Iterator[Path]:
    _require_replaceable(target)
    part = target / _PART
    yield from _new_folder(part)
    for name in _EXPORTED:
        if (target / name).is_dir():
            shutil.rmtree(target / name)
        elif name != MARK:
            (target / name).unlink(missing_ok=True)
    for name in reversed(_EXPORTED):  # the mark first, likewise
        if (part / name).exists():
            (part / name).replace(target / name)
    part.rmdir()


def _new_folder(part: Path) -> Iterator[Path]:
    """Give an empty folder; one that is left by an error, or by Ctrl-C, is removed."""
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        yield part
    except BaseException:
        shutil.rmtree(part)
        raise


def _require_replaceable(target: Path) -> None:
    if not target.exists() or (target / MARK).is_file():
        return
    if not target.is_dir() or any(path.name not in {_PART, "lost+found"} for path in target.iterdir()):
        raise ExportFolderError(f"name an empty or new folder, or an earlier export; got {target}")

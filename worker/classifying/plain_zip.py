"""Zip files of a few members that lie in them as they are: nothing is unpacked, so that nothing can swell."""

import io
import os
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Final

from worker.cnn.errors import ArtefactFormatError

_END: Final = struct.Struct("<4s4H2LH")
"""What such a file ends with: signature, two disks, members twice, bytes and place of the directory, comment."""

_LOCATOR_BYTES: Final = 20
"""Of what stands before the end where the directory is for files of more than 4 GB."""

_LONGEST_DIRECTORY: Final = 16 * 1024
"""Bytes: more than a hundred members."""

_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
_READABLE: Final = 0o644 << 16
_UNIX: Final = 3


def write_members(members: Mapping[str, bytes]) -> bytes:
    """Write members by name, in their order; the same members give the same bytes, whenever and wherever."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as file:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, _MOMENT)
            info.create_system, info.external_attr = _UNIX, _READABLE
            file.writestr(info, data)
    return stream.getvalue()


class PlainZip:
    """Reads such a file from somebody else, and trusts nothing that it says of itself.

    Args:
        stream: of the file; a seekable one.
        at_most: bytes of the whole file.

    Attributes:
        names: of the members.

    Raises:
        ArtefactFormatError: it is no such file, a larger one, or has compressed members or two of one name.
    """

    def __init__(self, stream: IO[bytes], at_most: int) -> None:
        with _named_errors():
            size = stream.seek(0, os.SEEK_END)
            if size > at_most:
                raise ArtefactFormatError(f"the file may have {at_most} bytes at most, got {size}")
            _require_short_directory(stream, size)
            self._file = zipfile.ZipFile(stream)
        members = self._file.infolist()
        self.names = [member.filename for member in members]
        if len(set(self.names)) < len(members):
            raise ArtefactFormatError(f"every member may be there once, got {self.names}")
        packed = [m.filename for m in members if m.compress_type or m.file_size != m.compress_size]
        if packed or sum(member.file_size for member in members) > size:
            raise ArtefactFormatError(f"the members must lie in the file as they are, got packed {packed}")

    def read(self, name: str, at_most: int) -> bytes:
        """Give a member, after its size and before its checksum is checked.

        Raises:
            ArtefactFormatError: it is missing, damaged, or has more bytes.
        """
        if name not in self.names:
            raise ArtefactFormatError(f"the file must have a member {name}, got {self.names}")
        size = self._file.getinfo(name).file_size
        if size > at_most:
            raise ArtefactFormatError(f"{name} may have {at_most} bytes at most, got {size}")
        with _named_errors():
            return self._file.read(name)


def _require_short_directory(stream: IO[bytes], size: int) -> None:
    """Refuse a directory that would take gigabytes to read: it is asked for its length at the file's very end."""
    length = _END.size + _LOCATOR_BYTES
    stream.seek(max(0, size - length))
    end = stream.read(length)
    signature, *_, directory, _, comment = _END.unpack(end[-_END.size :])
    if signature != b"PK\5\6" or comment or end.startswith(b"PK\6\7") or directory > _LONGEST_DIRECTORY:
        raise ArtefactFormatError(
            f"the file must end as a short zip file does: is it whole? got {size} bytes"
        )


@contextmanager
def _named_errors() -> Iterator[None]:
    """Turn what Python's module raises on damaged files into the error that is ours."""
    try:
        yield
    # OSError: a place before the file's begin; RuntimeError: a password, or a feature that it lacks.
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, RuntimeError, struct.error) as error:
        raise ArtefactFormatError(f"the file cannot be read: {error or type(error).__name__}") from error

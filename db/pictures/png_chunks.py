"""The chunks of a PNG, as far as they are no picture: https://www.w3.org/TR/png-3/#5Chunk-layout."""

import struct
from collections.abc import Iterator
from typing import Final

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_NOTES: Final = frozenset({b"tEXt", b"zTXt", b"iTXt", b"iCCP"})
"""Texts and a colour profile, which no picture here is shown by."""

_AROUND: Final = 12
"""Bytes of a chunk beside its data: length, type and checksum."""


def without_notes(data: bytes) -> bytes:
    """Give a PNG without its texts and its colour profile, and any other bytes as they are.

    They are compressed, and may unpack to any size, so that decoders refuse the whole picture for a long one, as
    programs that edit pictures write them. A chunk that reaches beyond the end ends the look.
    """
    if not data.startswith(_SIGNATURE):
        return data
    kept, begin = [_SIGNATURE], len(_SIGNATURE)
    for kind, end in _chunks(data):
        if kind not in _NOTES:
            kept.append(data[begin:end])
        begin = end
    return data if sum(map(len, kept)) == begin else b"".join([*kept, data[begin:]])


def _chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Give the type of each whole chunk, and where it ends."""
    place = len(_SIGNATURE)
    while place + _AROUND <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        end = place + _AROUND + length
        if end > len(data):
            return
        yield data[place + 4 : place + 8], end
        place = end

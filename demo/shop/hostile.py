"""The bytes of hostile images."""

import struct
import zlib
from collections.abc import Iterator
from functools import cache

_BOMB_SIDE = 20_000
HUGE_BYTES = 1 << 30
_CHUNK = b"\xff" * (1 << 16)


@cache
def bomb() -> bytes:
    """Give a valid black-and-white PNG of 20,000 x 20,000 pixels in about 50 kB."""
    row = bytes(1 + _BOMB_SIDE // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(_BOMB_SIDE)) + packer.flush()
    header = struct.pack(">IIBBBBB", _BOMB_SIDE, _BOMB_SIDE, 1, 0, 0, 0, 0)
    chunks = _png_chunk(b"IHDR", header) + _png_chunk(b"IDAT", packed) + _png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def polyglot() -> bytes:
    """Give one pixel of GIF that a browser would also run as a script."""
    size_that_opens_a_comment = b"/*"
    picture = b"GIF89a" + size_that_opens_a_comment + b"\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    picture += b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b"
    return picture + b"*/=1;alert('demo')"


def huge_parts() -> Iterator[bytes]:
    """Yield a JPEG signature and then bytes, a gigabyte in all."""
    yield b"\xff\xd8\xff\xe0".ljust(len(_CHUNK), b"\xff")
    for _ in range(HUGE_BYTES // len(_CHUNK) - 1):
        yield _CHUNK


def endless_parts() -> Iterator[bytes]:
    """Yield a JPEG signature and then bytes for ever."""
    yield b"\xff\xd8\xff\xe0"
    while True:
        yield _CHUNK


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

"""Thumbnails: the one way from stored bytes to a small picture, for sheets, reports and pages."""

import io
from typing import Final

from PIL import Image

from db.pictures.decoder import decode_to_fit

_QUALITY: Final = 78


def thumbnail(data: bytes, side: int) -> Image.Image:
    """Decode to a small RGB picture that fits a square of `side` pixels; one that fits already keeps its size.

    Raises:
        PictureError: the bytes are refused, for the same reasons as in decode_to_fit.
    """
    picture = decode_to_fit(data, side)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return picture


def jpeg_thumbnail(data: bytes, side: int) -> bytes:
    """Encode a thumbnail as a JPEG; but for what it shows, nothing of the original file is in it.

    Raises:
        PictureError: as in thumbnail.
    """
    stream = io.BytesIO()
    # Pillow would hand the original's comment on.
    thumbnail(data, side).save(stream, "JPEG", quality=_QUALITY, optimize=True, comment=b"")
    return stream.getvalue()

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from db.pictures.codes import Reason
from db.pictures.decoder import PictureError, check_picture
from db.pictures.png_chunks import without_notes
from tests.factories import drawing, encoded, picture_bytes

LONG = "text " * 500_000
"""Over the mebibyte up to which Pillow unpacks a text."""


def noted(**notes: object) -> bytes:
    """A PNG as a program that edits pictures writes it."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", LONG, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", LONG, zip=True)
    return encoded(drawing(1), "PNG", pnginfo=texts, **notes)


def test_a_long_text_and_a_long_profile_keep_no_picture_out() -> None:
    data = noted(icc_profile=b"profile " * 300_000)
    assert check_picture(data).perceptual_hash == check_picture(picture_bytes(1, "PNG")).perceptual_hash
    assert len(without_notes(data)) < len(data)


def test_a_picture_without_notes_is_not_copied() -> None:
    for image_format in ("PNG", "JPEG", "WEBP"):
        data = picture_bytes(1, image_format)
        assert without_notes(data) is data


def test_what_is_shown_stays_the_same() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned: in a chunk of its own, which stays
    data = noted(exif=exif)
    with Image.open(io.BytesIO(without_notes(data))) as image:
        assert image.getexif()[0x0112] == 6


@given(st.binary(max_size=200), st.integers(0, 400))
def test_no_bytes_are_too_odd(junk: bytes, cut: int) -> None:
    data = picture_bytes(1, "PNG")
    for odd in (junk, data[:cut] + junk, b"\x89PNG\r\n\x1a\n" + junk):
        assert len(without_notes(odd)) <= len(odd)


def test_a_jpeg_without_its_end_is_refused() -> None:
    """It cannot be told from one that was cut, whose rest would be grey."""
    data = picture_bytes(1, "JPEG")
    with pytest.raises(PictureError) as refused:
        check_picture(data[:-2])
    assert refused.value.reason is Reason.CORRUPT

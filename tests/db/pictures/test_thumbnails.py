import io

import numpy as np
import pytest
from PIL import Image

from db.pictures.codes import Reason
from db.pictures.decoder import PictureError, decode_picture
from db.pictures.thumbnails import jpeg_thumbnail, thumbnail
from tests.factories import picture_bytes


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize(
    ("size", "expected"), [((600, 800), (240, 320)), ((800, 600), (320, 240)), ((60, 80), (60, 80))]
)
def test_a_thumbnail_fits_the_square_and_never_grows(
    image_format: str, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    small = thumbnail(picture_bytes(1, image_format, size), 320)
    assert (small.mode, small.size) == ("RGB", expected)


def test_a_strip_keeps_a_pixel_of_its_short_side() -> None:
    assert thumbnail(picture_bytes(1, "PNG", (20_000, 16)), 160).size == (160, 1)


def test_a_thumbnail_shows_what_the_whole_picture_shows() -> None:
    data = picture_bytes(3, size=(1200, 1500))
    whole = decode_picture(data).resize((256, 320), Image.Resampling.LANCZOS)
    off = np.asarray(thumbnail(data, 320), dtype=float) - np.asarray(whole, dtype=float)
    assert np.sqrt(np.mean(off**2)) < 4


def test_a_thumbnail_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    assert thumbnail(picture_bytes(1, size=(800, 600), exif=exif), 160).size == (120, 160)


def test_nothing_of_the_original_file_is_handed_on() -> None:
    exif = Image.Exif()
    exif[0x010F] = "the camera"
    data = picture_bytes(1, size=(64, 64), exif=exif, comment=b"the comment", icc_profile=b"the profile")
    small = jpeg_thumbnail(data, 160)
    assert [word for word in (b"the camera", b"the comment", b"the profile") if word not in data] == []
    assert [word for word in (b"the camera", b"the comment", b"the profile") if word in small] == []
    with Image.open(io.BytesIO(small)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (64, 64))


def test_what_is_no_picture_is_refused_with_its_reason() -> None:
    with pytest.raises(PictureError) as caught:
        jpeg_thumbnail(b"<html>", 160)
    assert caught.value.reason is Reason.UNSUPPORTED_FORMAT

import hashlib
import io
import struct
import warnings
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from db.pictures.codes import Reason
from db.pictures.decoder import (
    MAX_BYTES,
    MIN_SIDE,
    CheckedPicture,
    PictureError,
    check_picture,
    decode_picture,
    decode_to_fit,
    suffix_of,
)
from tests.factories import drawing, encoded, picture_bytes

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
SAMPLES = {image_format: picture_bytes(1, image_format) for image_format in FORMATS}


def png_of(width: int, height: int) -> bytes:
    """A PNG that only claims its size: a few bytes that ask for gigabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def animated(image_format: str) -> bytes:
    return encoded(drawing(1), image_format, save_all=True, append_images=[drawing(2), drawing(3)])


def distance(one: CheckedPicture, other: CheckedPicture) -> int:
    return (int(one.perceptual_hash, 16) ^ int(other.perceptual_hash, 16)).bit_count()


REFUSED = {
    "nothing": (b"", Reason.EMPTY),
    "too many bytes": (b"\xff\xd8" + bytes(MAX_BYTES), Reason.TOO_MANY_BYTES),
    "a bomb": (png_of(100_000, 100_000), Reason.TOO_MANY_PIXELS),
    "a little too large": (png_of(8_000, 5_001), Reason.TOO_MANY_PIXELS),
    "a tracker": (encoded(Image.new("RGB", (1, 1)), "PNG"), Reason.TOO_SMALL),
    "one pixel too thin": (encoded(Image.new("RGB", (MIN_SIDE - 1, 90)), "PNG"), Reason.TOO_SMALL),
    "a web page": (b"<!doctype html><title>Robot check</title>", Reason.UNSUPPORTED_FORMAT),
    "a drawing": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', Reason.UNSUPPORTED_FORMAT),
    "a GIF": (encoded(drawing(1), "GIF"), Reason.UNSUPPORTED_FORMAT),
    "a TIFF": (encoded(drawing(1), "TIFF"), Reason.UNSUPPORTED_FORMAT),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 50\n", Reason.UNSUPPORTED_FORMAT),
    "an animated PNG": (animated("PNG"), Reason.SEVERAL_FRAMES),
    "an animated WEBP": (animated("WEBP"), Reason.SEVERAL_FRAMES),
    "an animated AVIF": (animated("AVIF"), Reason.SEVERAL_FRAMES),
    "half a JPEG": (SAMPLES["JPEG"][: len(SAMPLES["JPEG"]) // 2], Reason.CORRUPT),
    "half a PNG": (SAMPLES["PNG"][: len(SAMPLES["PNG"]) // 2], Reason.CORRUPT),
    "half a WEBP": (SAMPLES["WEBP"][: len(SAMPLES["WEBP"]) // 2], Reason.CORRUPT),
    "half an AVIF": (SAMPLES["AVIF"][: len(SAMPLES["AVIF"]) // 2], Reason.CORRUPT),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("read", [check_picture, decode_picture])
def test_a_refused_picture_says_why(name: str, read: Callable[[bytes], object]) -> None:
    data, reason = REFUSED[name]
    with pytest.raises(PictureError) as refusal:
        read(data)
    assert refusal.value.reason is reason


@pytest.mark.parametrize("image_format", FORMATS)
def test_a_good_picture_is_described(image_format: str) -> None:
    data = picture_bytes(1, image_format, size=(120, 90))
    found = check_picture(data)
    assert (found.format, found.width, found.height, found.byte_size) == (image_format, 120, 90, len(data))
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert (len(found.perceptual_hash), len(found.colour_signature)) == (16, 48)
    assert decode_picture(data).size == (120, 90)
    assert suffix_of(found.format).startswith(".")


def test_the_format_is_told_from_the_bytes() -> None:
    assert check_picture(SAMPLES["WEBP"]).format == "WEBP"


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(PictureError):
        check_picture(data)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(FORMATS),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6),
    st.floats(0, 1),
)
def test_damaged_bytes_are_decoded_or_refused_and_nothing_else(
    image_format: str, damage: list[tuple[float, bytes]], cut: float
) -> None:
    data = bytearray(SAMPLES[image_format])
    for place, change in damage:
        start = int(place * (len(data) - 1))
        data[start : start + len(change)] = change
    if cut < 0.3:  # some are also cut short
        data = data[: int(len(data) * cut / 0.3)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Pillow remarks on broken EXIF blocks
        try:
            found = check_picture(bytes(data))
        except PictureError as refusal:
            assert refusal.reason in Reason  # noqa: PT017 - either outcome is right
        else:
            assert decode_picture(bytes(data)).size == (found.width, found.height)


def test_a_phone_held_upright_gives_an_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = Image.new("RGB", (80, 40), "red")
    sideways.paste("blue", (0, 0, 40, 40))
    data = encoded(sideways, "JPEG", exif=exif, quality=95)
    upright = decode_picture(data)
    assert (check_picture(data).width, check_picture(data).height) == upright.size == (40, 80)
    red, _, blue = np.asarray(upright)[10, 20]
    assert blue > 200 > red


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_broken_exif_block_does_not_cost_the_picture() -> None:
    data = encoded(drawing(1), "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff")
    assert check_picture(data).format == "JPEG"


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_white(mode: str) -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0)).convert(mode)
    assert decode_picture(encoded(clear, "PNG")).getpixel((20, 20)) == (255, 255, 255)


def test_a_transparent_colour_of_a_palette_is_white() -> None:
    palette = Image.new("P", (40, 40), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.paste(1, (0, 0, 20, 40))
    picture = decode_picture(encoded(palette, "PNG", transparency=0))
    assert (picture.getpixel((10, 20)), picture.getpixel((30, 20))) == ((255, 0, 0), (255, 255, 255))


def test_sixteen_bits_of_grey_are_scaled_not_clipped() -> None:
    grey = Image.new("I;16", (40, 40), 128 * 257)
    assert decode_picture(encoded(grey, "PNG")).getpixel((20, 20)) == (128, 128, 128)


@pytest.mark.parametrize("mode", ["L", "CMYK", "1"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    picture = decode_picture(encoded(drawing(1).convert(mode), "PNG" if mode == "1" else "JPEG"))
    assert picture.mode == "RGB"


def test_the_preview_that_a_phone_appends_is_ignored() -> None:
    data = encoded(drawing(1), "MPO", save_all=True, append_images=[drawing(2, (32, 32))])
    assert check_picture(data).format == "JPEG"
    assert decode_picture(data).size == drawing(1).size


@given(st.integers(16, 2000), st.integers(16, 2000), st.integers(16, 400))
@settings(max_examples=25, deadline=None)
def test_a_smaller_decoding_keeps_the_short_side_and_the_shape(
    width: int, height: int, at_least: int
) -> None:
    picture = decode_picture(encoded(Image.new("RGB", (width, height)), "JPEG"), at_least)
    assert min(picture.size) >= min(at_least, width, height)
    assert picture.width / picture.height == pytest.approx(width / height, rel=0.15)


def test_a_large_jpeg_is_decoded_small() -> None:
    data = encoded(drawing(1, (1600, 1200)), "JPEG")
    assert decode_picture(data, at_least=224).size == (400, 300)
    assert decode_picture(data).size == (1600, 1200)


@given(st.integers(16, 2000), st.integers(16, 2000), st.integers(16, 640))
@settings(max_examples=25, deadline=None)
def test_a_decoding_that_fits_keeps_the_long_side_and_the_shape(width: int, height: int, side: int) -> None:
    picture = decode_to_fit(encoded(Image.new("RGB", (width, height)), "JPEG"), side)
    assert max(picture.size) >= min(side, max(width, height))
    assert picture.width / picture.height == pytest.approx(width / height, rel=0.15)


def test_of_a_large_jpeg_no_more_is_decoded_than_fits() -> None:
    data = encoded(drawing(1, (1200, 1500)), "JPEG")
    assert decode_to_fit(data, 320).size == (300, 375)
    assert decode_picture(data, at_least=320).size == (600, 750)


@pytest.mark.parametrize("seed", range(5))
def test_copies_of_a_picture_have_near_hashes_and_others_do_not(seed: int) -> None:
    original = check_picture(encoded(drawing(seed, (300, 400)), "PNG"))
    for copy in (
        encoded(drawing(seed, (300, 400)), "JPEG", quality=60),
        encoded(drawing(seed, (300, 400)).resize((150, 200)), "JPEG"),
        encoded(drawing(seed, (300, 400)), "WEBP"),
    ):
        assert distance(original, check_picture(copy)) <= 4
    assert distance(original, check_picture(picture_bytes(seed + 100))) > 8


def test_colour_tells_apart_what_shape_does_not() -> None:
    shapes = io.BytesIO(picture_bytes(1, "PNG"))
    with Image.open(shapes) as image:
        red, green, blue = image.split()
        swapped = check_picture(encoded(Image.merge("RGB", (blue, green, red)), "PNG"))
    assert swapped.colour_signature != check_picture(picture_bytes(1, "PNG")).colour_signature

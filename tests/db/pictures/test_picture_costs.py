"""What one picture may cost in memory and seconds, whoever made it."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from db.pictures.codes import Reason
from db.pictures.decoder import MAX_PIXELS, PictureError, check_picture, decode_picture
from tests.factories import encoded

LARGE = (4000, 2500)
PEAK = """
import resource, sys
from db.pictures.decoder import check_picture
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
check_picture(sys.stdin.buffer.read())
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def many_scans(size: tuple[int, int], count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = encoded(Image.new("RGB", size), "JPEG", progressive=True)
    last = data.rfind(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


@pytest.mark.parametrize(("image_format", "size"), [("WEBP", (4000, 3001)), ("AVIF", (4000, 3001))])
def test_a_format_whose_decoder_holds_a_picture_several_times_has_a_lower_limit(
    image_format: str, size: tuple[int, int]
) -> None:
    options = {"lossless": True, "method": 0} if image_format == "WEBP" else {"speed": 10}
    with pytest.raises(PictureError) as refused:
        check_picture(encoded(Image.new("RGB", size), image_format, **options))
    assert refused.value.reason is Reason.TOO_MANY_PIXELS


def test_a_jpeg_that_is_drawn_over_and_over_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(PictureError) as refused:
        check_picture(many_scans((1000, 1000), 2000))
    assert refused.value.reason is Reason.TOO_MANY_SCANS
    assert check_picture(many_scans((100, 100), 10)).width == 100


@pytest.mark.slow
def test_a_large_picture_is_not_held_several_times_over() -> None:
    side = int(MAX_PIXELS**0.5)
    data = encoded(Image.new("RGBA", (side, side), (10, 200, 30, 128)), "PNG", compress_level=1)
    ended = subprocess.run([sys.executable, "-c", PEAK], input=data, capture_output=True, check=True)
    assert int(ended.stdout) < 250  # megabytes; it was 918


def test_a_large_picture_looks_the_same_in_strips() -> None:
    rows = np.linspace(0, 255, LARGE[1], dtype=np.uint8)[:, None]
    columns = np.linspace(0, 255, LARGE[0], dtype=np.uint8)[None, :]
    shades = np.broadcast_arrays(rows, columns, rows, np.uint8(128))
    clear = Image.fromarray(np.stack(shades, axis=-1), "RGBA")
    data = encoded(clear, "PNG", compress_level=1)
    white = Image.alpha_composite(Image.new("RGBA", LARGE, "white"), clear).convert("RGB")
    assert decode_picture(data).tobytes() == white.tobytes()
    small = decode_picture(data, at_least=300)
    assert small.size == (500, 313)
    expected = np.asarray(white.reduce(8), dtype=int)
    assert np.abs(np.asarray(small, dtype=int) - expected).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_large_picture_is_turned_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    half = Image.new("RGB", LARGE)
    half.paste("white", (0, 0, LARGE[0] // 2, LARGE[1] // 4))
    data = encoded(half, "PNG", compress_level=1, exif=exif)
    small = io.BytesIO()
    half.reduce(10).save(small, "PNG", exif=exif)
    turned = decode_picture(data, at_least=250)
    assert turned.tobytes() == decode_picture(small.getvalue()).tobytes()
    assert (check_picture(data).width, check_picture(data).height) == (turned.width * 10, turned.height * 10)

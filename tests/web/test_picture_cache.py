import io
import os
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from db.pictures.decoder import PictureError
from tests.factories import encoded, picture_bytes
from web.picture_cache import PictureCache

NAME = "ab" * 32


def test_a_picture_is_encoded_once_and_fits_its_square(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path / "small")
    assert cache.find(NAME, 320) is None
    made = cache.make(NAME, 320, picture_bytes(size=(900, 600)))
    assert cache.find(NAME, 320) == made
    with Image.open(io.BytesIO(made)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (320, 213))
    assert cache.find(NAME, 160) is None


def test_nothing_of_the_original_file_is_handed_on(tmp_path: Path) -> None:
    secret = b"a comment of the shop's"
    chunk = PngInfo()
    chunk.add_text("Comment", secret.decode())
    sent = (
        picture_bytes(comment=secret) + secret,  # also behind its end, as in a polyglot
        picture_bytes(image_format="PNG", pnginfo=chunk),
        encoded(Image.new("RGB", (90, 90)), "JPEG", icc_profile=secret, exif=b"Exif\0\0" + secret),
    )
    for data in sent:
        assert secret in data
        assert secret not in PictureCache(tmp_path / "small").make(NAME, 160, data)


@pytest.mark.parametrize("data", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a<script>"])
def test_what_is_no_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(PictureError):
        PictureCache(tmp_path / "small").make(NAME, 160, data)


def test_the_cache_stays_within_its_bounds(tmp_path: Path) -> None:
    data = picture_bytes(size=(400, 400))
    size = len(PictureCache(tmp_path / "one").make(NAME, 320, data))
    cache = PictureCache(tmp_path / "many", largest_bytes=10 * size)
    for number in range(40):
        cache.make(f"{number:064x}", 320, data)
        os.utime(tmp_path / "many" / "00" / f"{number:064x}-320.webp", (number, number))
    kept = list((tmp_path / "many").glob("*/*.webp"))
    assert 5 <= len(kept) <= 10
    assert cache.find(f"{39:064x}", 320) is not None


def test_what_an_earlier_page_has_kept_counts(tmp_path: Path) -> None:
    data = picture_bytes(size=(400, 400))
    size = len(PictureCache(tmp_path).make(f"{0:064x}", 320, data))
    for number in range(1, 8):
        PictureCache(tmp_path, largest_bytes=6 * size).make(f"{number:064x}", 320, data)
    assert len(list(tmp_path.glob("*/*.webp"))) <= 6


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    cache = PictureCache(blocked)
    assert cache.make(NAME, 160, picture_bytes())
    assert cache.find(NAME, 160) is None

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from db.pictures.codes import QualityCode
from db.pictures.decoder import check_picture
from db.pictures.quality_measures import DARK_LUMA, ODD_ASPECT, TINY_SIDE, quality_codes
from tests.factories import encoded


def garment(width: int = 120, height: int = 160) -> Image.Image:
    """Sharp stripes on white, as a print has."""
    picture = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(picture)
    for top in range(height // 8, height - height // 8, 8):
        pen.rectangle((width // 5, top, width - width // 5, top + 3), fill="navy")
    return picture


def codes(picture: Image.Image) -> tuple[QualityCode, ...]:
    return check_picture(encoded(picture, "PNG")).quality


def test_a_good_picture_has_no_code() -> None:
    assert codes(garment()) == ()


@pytest.mark.parametrize("size", [(120, 160), (300, 300), (900, 1200)])
def test_blur_is_told_at_any_size(size: tuple[int, int]) -> None:
    picture = garment(*size).resize(size)
    out_of_focus = picture.filter(ImageFilter.GaussianBlur(max(size) / 40))
    assert codes(out_of_focus) == (QualityCode.BLURRED,)


def test_contrast_is_no_sharpness() -> None:
    pale = garment().point(lambda value: 200 + value // 8)
    assert codes(pale) == ()


def test_a_night_shot_is_dark_and_a_black_garment_on_white_is_not() -> None:
    assert codes(garment().point(lambda value: value * (DARK_LUMA - 10) // 255)) == (QualityCode.DARK,)
    black = Image.new("RGB", (120, 160), "white")
    black.paste(garment(90, 140).point(lambda value: value // 10), (15, 10))
    assert QualityCode.DARK not in codes(black)


def test_catalogue_pictures_of_60x80_are_not_tiny() -> None:
    assert codes(garment(60, 80)) == ()
    assert QualityCode.TINY not in quality_codes(garment(), TINY_SIDE, 90)
    assert QualityCode.TINY in quality_codes(garment(), TINY_SIDE - 1, 90)


def test_a_banner_has_an_odd_aspect_whichever_way_it_lies() -> None:
    long = int(120 * ODD_ASPECT)
    assert QualityCode.ODD_ASPECT not in codes(garment(120, long))
    assert QualityCode.ODD_ASPECT in codes(garment(120, long + 1))
    assert QualityCode.ODD_ASPECT in codes(garment(long + 1, 120))


def test_several_codes_come_in_one_order() -> None:
    assert codes(Image.new("RGB", (16, 160))) == tuple(QualityCode)


@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 255))
def test_a_blank_picture_of_any_size_is_blurred(width: int, height: int, value: int) -> None:
    found = quality_codes(Image.new("RGB", (width, height), (value, value, value)), width, height)
    assert QualityCode.BLURRED in found
    assert list(found) == [code for code in QualityCode if code in found]


def test_nearly_all_real_photos_are_good(shared_photos: Path) -> None:
    with (shared_photos / "MANIFEST.csv").open(newline="") as file:
        paths = [row["path"] for row in csv.DictReader(file)][::10]
    poor = {
        path: found for path in paths if (found := check_picture((shared_photos / path).read_bytes()).quality)
    }
    assert len(poor) <= 0.01 * len(paths)

import io
from pathlib import Path

import pytest
from PIL import Image

from db.pictures.codes import Reason
from db.pictures.decoder import PictureError, check_picture, decode_picture
from demo.drawing.canvas import HEIGHT, WIDTH
from demo.drawing.garments import draw_garment
from demo.shop.catalogue import BROKEN_FORMS, PictureForm, ProductPicture
from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.picture_shelf import EncodedPicture, PictureShelf
from tests.demo.conftest import get

SHELF = PictureShelf(seed=0)


def picture(form: PictureForm, photo: Path | None = None) -> ProductPicture:
    return ProductPicture("7TESTTESTTL", "saree", 4, 0, form, photo)


def original(form: PictureForm) -> EncodedPicture:
    encoded = SHELF.original(picture(form))
    assert encoded is not None
    return encoded


@pytest.mark.parametrize(
    ("form", "image_format", "content_type"),
    [
        (PictureForm.JPEG, "JPEG", "image/jpeg"),
        (PictureForm.PNG_TRANSPARENT, "PNG", "image/png"),
        (PictureForm.WEBP, "WEBP", "image/webp"),
        (PictureForm.JPEG_ROTATED, "JPEG", "image/jpeg"),
    ],
)
def test_usable_pictures_pass_the_gate(form: PictureForm, image_format: str, content_type: str) -> None:
    encoded = original(form)
    assert encoded.content_type == content_type
    assert check_picture(encoded.data).format == image_format
    assert decode_picture(encoded.data).size == (WIDTH, HEIGHT)


def test_a_rotated_picture_is_upright_once_decoded() -> None:
    upright, rotated = (original(form).data for form in (PictureForm.JPEG, PictureForm.JPEG_ROTATED))
    assert Image.open(io.BytesIO(rotated)).size == (HEIGHT, WIDTH)
    thumbnails = [decode_picture(data).resize((8, 8)).tobytes() for data in (upright, rotated)]
    assert max(abs(one - other) for one, other in zip(*thumbnails, strict=True)) < 12


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (PictureForm.TRUNCATED, Reason.CORRUPT),
        (PictureForm.HTML, Reason.UNSUPPORTED_FORMAT),
        (PictureForm.ONE_PIXEL, Reason.TOO_SMALL),
        (PictureForm.ANIMATED, Reason.UNSUPPORTED_FORMAT),
    ],
)
def test_the_gate_refuses_broken_pictures(form: PictureForm, reason: Reason) -> None:
    with pytest.raises(PictureError) as refused:
        check_picture(original(form).data)
    assert refused.value.reason is reason


def test_a_missing_picture_has_no_bytes_at_any_size() -> None:
    missing = picture(PictureForm.MISSING)
    assert SHELF.original(missing) is SHELF.bounded(missing, 320) is None


@pytest.mark.parametrize(
    "form", [form for form in PictureForm if form not in {*BROKEN_FORMS, PictureForm.PHOTO}]
)
def test_a_bounded_picture_is_smaller_and_keeps_its_format(form: PictureForm) -> None:
    bounded = SHELF.bounded(picture(form), 100)
    assert bounded is not None
    assert bounded.content_type == original(form).content_type
    assert decode_picture(bounded.data).size == (76, 100)


@pytest.mark.parametrize("form", [PictureForm.TRUNCATED, PictureForm.HTML, PictureForm.ANIMATED])
def test_broken_pictures_stay_broken_at_any_size(form: PictureForm) -> None:
    assert SHELF.bounded(picture(form), 100) == original(form)


def test_photos_are_served_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "jeans").mkdir()
    misnamed = tmp_path / "jeans" / "misnamed.jpg"
    draw_garment("jeans", 0, 0).save(misnamed, "WEBP")
    unreadable = tmp_path / "jeans" / "unreadable.jpg"
    unreadable.write_bytes(b"no picture")
    with DemoShop(ShopConfig(photos=tmp_path)) as shop:
        assert str(tmp_path) in shop.note
        for product in shop.catalogue.products:
            (shown,) = product.pictures
            received = get(shop, f"/images/I/{shown.id}.jpg")
            assert shown.photo is not None
            assert received.body == shown.photo.read_bytes()
            assert received.headers["content-type"] == (
                "image/webp" if shown.photo == misnamed else "image/jpeg"
            )
            assert get(shop, f"/images/I/{shown.id}._AC_UL960_.jpg").status == 200

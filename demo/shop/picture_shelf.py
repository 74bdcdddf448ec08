"""The bytes of the shop's pictures: drawn or read from a photo, then put into the form the picture has."""

import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from demo.drawing.garments import draw_cutout, draw_garment
from demo.shop.catalogue import PictureForm, ProductPicture

JPEG_TYPE = "image/jpeg"
_QUALITY = 88
_CACHED_PICTURES = 4096
_EXIF_ORIENTATION = 0x0112
_TURNED_RIGHT = 6
_CONTENT_TYPES = {"JPEG": JPEG_TYPE, "PNG": "image/png", "WEBP": "image/webp", "AVIF": "image/avif"}
_UNREADABLE = (OSError, ValueError, Image.DecompressionBombError)
_HTML = b"<!doctype html><title>Sorry</title><p>This picture is not available.</p>"


@dataclass(frozen=True)
class EncodedPicture:
    """The bytes of one picture and the content type that the shop claims for them."""

    data: bytes
    content_type: str = JPEG_TYPE


class PictureShelf:
    """Makes pictures when they are first asked for and keeps them."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.original = lru_cache(maxsize=_CACHED_PICTURES)(self._make_original)
        self.bounded = lru_cache(maxsize=_CACHED_PICTURES)(self._make_bounded)

    def _make_original(self, picture: ProductPicture) -> EncodedPicture | None:
        """Give the picture at full size, or None where the form is `missing`."""
        if picture.photo is not None:
            return _recognise(picture.photo.read_bytes())
        match picture.form:
            case PictureForm.MISSING:
                return None
            case PictureForm.HTML:
                return EncodedPicture(_HTML, "text/html; charset=utf-8")
            case PictureForm.ONE_PIXEL:
                return _encode(Image.new("RGB", (1, 1), "white"))
            case PictureForm.PNG_TRANSPARENT:
                return _encode(draw_cutout(picture.category, self._seed, picture.index), "PNG")
        return _encode_drawing(self._draw(picture), picture.form)

    def _make_bounded(self, picture: ProductPicture, side: int) -> EncodedPicture | None:
        """Give the picture with its longer side at most `side` pixels; one that cannot be read as it is."""
        original = self.original(picture)
        if original is None:
            return None
        try:
            with Image.open(io.BytesIO(original.data), formats=tuple(_CONTENT_TYPES)) as opened:
                exif = opened.getexif()
                opened.thumbnail((side, side))
                return _encode(opened, opened.format or "JPEG", exif)
        except _UNREADABLE:  # Broken on purpose, or no format that the shop can make smaller.
            return original

    def _draw(self, picture: ProductPicture) -> Image.Image:
        return draw_garment(picture.category, self._seed, picture.index, picture.view)


def _encode_drawing(drawing: Image.Image, form: PictureForm) -> EncodedPicture:
    match form:
        case PictureForm.WEBP:
            return _encode(drawing, "WEBP")
        case PictureForm.JPEG_ROTATED:
            exif = Image.Exif()
            exif[_EXIF_ORIENTATION] = _TURNED_RIGHT
            return _encode(drawing.transpose(Image.Transpose.ROTATE_90), exif=exif)
        case PictureForm.TRUNCATED:
            whole = _encode(drawing).data
            return EncodedPicture(whole[: len(whole) // 3])
        case PictureForm.ANIMATED:
            return _encode_animation(drawing)
    return _encode(drawing)


def _encode(
    picture: Image.Image, picture_format: str = "JPEG", exif: Image.Exif | None = None
) -> EncodedPicture:
    buffer = io.BytesIO()
    picture.save(buffer, picture_format, quality=_QUALITY, exif=exif or Image.Exif())
    return EncodedPicture(buffer.getvalue(), _CONTENT_TYPES[picture_format])


def _encode_animation(drawing: Image.Image) -> EncodedPicture:
    """Encode two frames of GIF that the shop passes off as a JPEG."""
    frame = drawing.reduce(2).quantize(32)
    mirrored = frame.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    buffer = io.BytesIO()
    frame.save(buffer, "GIF", save_all=True, append_images=[mirrored], duration=400, loop=0)
    return EncodedPicture(buffer.getvalue())


def _recognise(data: bytes) -> EncodedPicture:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            return EncodedPicture(data, _CONTENT_TYPES.get(opened.format or "", JPEG_TYPE))
    except _UNREADABLE:  # A photo that cannot be read is served as it is: the crawler must cope.
        return EncodedPicture(data)

"""Bytes to a checked RGB picture, or a reason code: the only decoder of the project.

Crawler, import, export and worker all decode here, so that a picture means the same to each of them.
"""

import hashlib
import io
import re
import struct
import threading
import warnings
import zlib
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from PIL import Image, UnidentifiedImageError

from db.pictures.codes import QualityCode, Reason
from db.pictures.perceptual_hash import perceptual_hash
from db.pictures.png_chunks import without_notes
from db.pictures.quality_measures import quality_codes

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_PIXELS: Final = 40_000_000
MAX_PIXELS_HELD_TWICE: Final = 12_000_000
"""Of a WebP or an AVIF, whose decoders hold a picture several times over, at 17 to 31 bytes a pixel."""
MAX_SCANNED_PIXELS: Final = 1_000_000_000
"""Pixels times scans of a JPEG: a progressive one may pass over the picture thousands of times; ten are usual."""
MIN_SIDE: Final = 16
"""Pixels; smaller pictures are trackers and spacers."""

_FORMATS: Final = ("JPEG", "PNG", "WEBP", "AVIF")
_SUFFIXES: Final = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "AVIF": ".avif"}
_HELD_TWICE: Final = frozenset({"WEBP", "AVIF"})
_SIGNATURES: Final = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n|RIFF.{4}WEBP|.{4}ftypavif", re.DOTALL)
"""How the formats begin: tells a damaged picture from one of another format."""
_START_OF_SCAN: Final = b"\xff\xda"
_LARGE: Final = 8_000_000
"""Pixels; larger pictures are decoded one at a time, and made smaller and opaque a strip at a time."""
_STRIP: Final = 256
"""Rows, about."""
_one_large = threading.Lock()
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How a picture is turned upright, by the value of EXIF's tag Orientation."""
_GRID: Final = 4
_HASH_SIDE: Final = 128

# What Pillow's decoders raise on hostile bytes, found by fuzzing; OSError includes UnidentifiedImageError.
_DECODER_ERRORS: Final = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, MemoryError,
    RuntimeError,
    struct.error, zlib.error,
)  # fmt: skip

# Pillow warns above this limit and raises above twice it; here both refuse the picture.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


class PictureError(Exception):
    """A picture that is refused; `reason` goes into its record, the message says what was received."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class CheckedPicture:
    """What is known of a picture that passed the gate.

    Attributes:
        sha256: of the original bytes, 64 hex digits.
        format: JPEG, PNG, WEBP or AVIF, told from the bytes.
        width: pixels, after EXIF orientation; likewise height.
        byte_size: of the original bytes.
        perceptual_hash: 64-bit DCT hash (phash of the ImageHash library), 16 hex digits.
        colour_signature: mean red, green and blue of a 4x4 grid, 4 bits each, 48 hex digits; tells apart
            products that share a pose, which the perceptual hash alone calls duplicates.
        quality: what is poor about it; it passes nevertheless.
    """

    sha256: str
    format: str
    width: int
    height: int
    byte_size: int
    perceptual_hash: str
    colour_signature: str
    quality: tuple[QualityCode, ...]


def check_picture(data: bytes) -> CheckedPicture:
    """Decode the whole picture once and describe it; raise PictureError with a reason if it is refused."""
    image = _open(data)
    image_format, size = _format(image), image.size
    picture = _to_rgb(image, at_least=_HASH_SIDE)
    width, height = reversed(size) if _orientation(image) in {5, 6, 7, 8} else size
    return CheckedPicture(
        sha256=hashlib.sha256(data).hexdigest(),
        format=image_format,
        width=width,
        height=height,
        byte_size=len(data),
        perceptual_hash=perceptual_hash(picture),
        colour_signature=_colour_signature(picture),
        quality=quality_codes(picture, width, height),
    )


def decode_picture(data: bytes, at_least: int | None = None) -> Image.Image:
    """Decode to RGB: EXIF orientation applied, transparency on white.

    Args:
        data: the original bytes.
        at_least: pixels; a JPEG may then be decoded at a half, quarter or eighth of its size as long as
            its short side stays at least this long, which is several times faster; a large picture of another
            format is made smaller, likewise, before it takes more memory.

    Raises:
        PictureError: the bytes are refused, for the same reasons as in check_picture.
    """
    return _to_rgb(_open(data), at_least)


def decode_to_fit(data: bytes, side: int) -> Image.Image:
    """Decode to RGB as decode_picture, at no more pixels than it takes to fit it into a square.

    Args:
        data: the original bytes.
        side: pixels; a JPEG may be decoded at a half, quarter or eighth of its size as long as its long side stays
            at least this long.

    Raises:
        PictureError: the bytes are refused, for the same reasons as in check_picture.
    """
    image = _open(data)
    fitted = -(-side * min(image.size) // max(image.size))
    return _to_rgb(image, at_least=max(MIN_SIDE, fitted))  # a strip of a few pixels would lose its shape


def suffix_of(image_format: str) -> str:
    """Give the file name's suffix for a format, such as `.jpg` for JPEG."""
    return _SUFFIXES[image_format]


def _open(data: bytes) -> Image.Image:
    if not data:
        raise PictureError(Reason.EMPTY, "0 bytes")
    if len(data) > MAX_BYTES:
        raise PictureError(Reason.TOO_MANY_BYTES, f"at most {MAX_BYTES} bytes, got {len(data)}")
    try:
        image = Image.open(io.BytesIO(without_notes(data)), formats=_FORMATS)
        frames = getattr(image, "n_frames", 1)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(Reason.TOO_MANY_PIXELS, str(error)) from error
    except UnidentifiedImageError as error:
        reason = Reason.CORRUPT if _SIGNATURES.match(data) else Reason.UNSUPPORTED_FORMAT
        raise PictureError(reason, f"starts with {data[:12]!r}") from error
    except _DECODER_ERRORS as error:
        raise PictureError(Reason.CORRUPT, str(error)) from error
    width, height = image.size
    limit = MAX_PIXELS_HELD_TWICE if image.format in _HELD_TWICE else MAX_PIXELS
    if width * height > limit:
        raise PictureError(Reason.TOO_MANY_PIXELS, f"at most {limit}, got {width}x{height}")
    if min(width, height) < MIN_SIDE:
        raise PictureError(Reason.TOO_SMALL, f"sides of at least {MIN_SIDE} pixels, got {width}x{height}")
    if frames > 1 and image.format != "MPO":
        raise PictureError(Reason.SEVERAL_FRAMES, f"one frame, got {frames}")
    if (
        _format(image) == "JPEG"
        and (scans := data.count(_START_OF_SCAN)) * width * height > MAX_SCANNED_PIXELS
    ):
        raise PictureError(Reason.TOO_MANY_SCANS, f"{scans} scans of {width}x{height}")
    return image


def _format(image: Image.Image) -> str:
    # Phones append a preview to a JPEG and Pillow calls that MPO; its first picture is the JPEG.
    return "JPEG" if image.format == "MPO" else str(image.format)


def _orientation(image: Image.Image) -> int:
    """Give EXIF's orientation, 1 where there is none or the block is broken."""
    # Only to be asked after decoding: Pillow decodes a PNG to find its EXIF block, and would do so only once.
    try:
        return int(image.getexif().get(0x0112, 1))
    except _DECODER_ERRORS:
        return 1


def _to_rgb(image: Image.Image, at_least: int | None) -> Image.Image:
    try:
        if at_least is not None:
            # draft() keeps both sides at least as long as asked, so the ratio protects the short one.
            (width, height), short = image.size, min(image.size)
            image.draft("RGB", (-(-width * at_least // short), -(-height * at_least // short)))
        with _one_large if image.width * image.height > _LARGE else nullcontext():
            image.load()
            picture = _upright(_in_strips(image, at_least), _orientation(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(Reason.TOO_MANY_PIXELS, str(error)) from error
    except _DECODER_ERRORS as error:
        raise PictureError(Reason.CORRUPT, str(error)) from error
    return picture


def _in_strips(image: Image.Image, at_least: int | None) -> Image.Image:
    """Make the picture opaque RGB; a large one a strip at a time, and no larger than it takes."""
    if image.width * image.height <= _LARGE:
        return _on_white(image)
    factor = 1 if at_least is None else max(1, min(image.size) // at_least)
    picture = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
    rows = factor * max(1, _STRIP // factor)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        picture.paste(_on_white(strip).reduce(factor), (0, top // factor))
    return picture


def _upright(picture: Image.Image, orientation: int) -> Image.Image:
    """Apply the EXIF orientation; one that means nothing changes nothing."""
    return picture.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else picture


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode == "I;16":  # Pillow clips 16-bit grey to white instead of scaling it
        image = image.point(lambda value: value / 257).convert("L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    clear = image.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(white, clear).convert("RGB")


def _colour_signature(picture: Image.Image) -> str:
    means = picture.resize((_GRID, _GRID), Image.Resampling.BOX).tobytes()
    return "".join(f"{value >> 4:x}" for value in means)

"""Variations: what a shop, a camera or a network connection may do to a picture that shows the same garment.

They measure how well a classifier holds; no training uses them. A picture's key decides in which direction it
is varied and the strength how far, so that equal arguments give equal pictures and a greater strength goes
further the same way. Pictures are varied as canvases, before views are cut; their padding stays white.
"""

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.cnn.arrays import Pictures
from worker.cnn.errors import ExamplesError
from worker.cnn.pictures.backgrounds import garment_share, photo_box
from worker.cnn.pictures.variation_kinds import Variation
from worker.cnn.pictures.warps import deform, draw_displacements, magnify, turn_camera

STRENGTHS: Final = (1, 2, 3)

ROTATION_DEGREES, TILT = 7.0, 0.1
"""At strength 3 a picture is turned by 21 degrees, and its far edge is half as large as its near edge."""

DISPLACEMENT: Final = 0.009
"""The standard deviation of displacements at strength 1, as a share of the shorter side."""

OCCLUDED_SHARES: Final = (0.08, 0.16, 0.24)
EXPOSURE_STOPS, SIDE_LIGHT_STOPS, CAST_STOPS = 0.5, 0.4, 0.1
"""At strength 1: all light, more on one side than in the middle, and each colour of its own."""

DISPLAY_GAMMA: Final = 2.2
CLUTTER_OPACITIES: Final = (1 / 3, 2 / 3, 1.0)
CLUTTER_MAGNIFICATION: Final = 2
JPEG_QUALITIES: Final = (40, 20, 8)


def vary(
    pictures: Pictures,
    variation: Variation,
    strength: int,
    keys: Sequence[str] | NDArray[np.str_],
    clutter: Pictures | None = None,
) -> Pictures:
    """Vary pictures, uint8 (n, height, width, 3), without changing them; gives the same shape and type.

    Args:
        pictures: RGB, on canvases of one size.
        variation: what happens to them.
        strength: 1, 2 or 3.
        keys: (n,), which decide the direction, place or colour of what happens.
        clutter: other pictures, uint8 (m, height, width, 3), m from 1, as backgrounds. Only BACKGROUND_CLUTTER
            needs them. It puts clutter behind the garment where the background is uniform, and over the borders
            of any other picture, since nothing tells there where the garment ends.

    Raises:
        ExamplesError: the strength is no strength, or the arrays do not fit each other.
    """
    if strength not in STRENGTHS:
        raise ExamplesError(f"the strength must be one of {STRENGTHS}, got {strength}")
    if len(keys) != len(pictures):
        raise ExamplesError(f"each picture needs a key, got {len(keys)} keys for {len(pictures)} pictures")
    change = _cluttering(clutter) if variation is Variation.BACKGROUND_CLUTTER else _CHANGES[variation]
    varied = pictures.copy()

    def vary_row(row: int) -> None:
        box = _box(pictures[row], variation)
        varied[row][box] = change(pictures[row][box], strength, _generator(variation, str(keys[row])))

    # Pillow and SciPy do the work, and let other threads run meanwhile.
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(vary_row, range(len(pictures))):
            pass
    return varied


Change: TypeAlias = Callable[[Pictures, int, np.random.Generator], Pictures]
"""Varies one photo, uint8 (height, width, 3), at a strength of 1, 2 or 3."""


def _box(picture: Pictures, variation: Variation) -> tuple[slice, slice]:
    """Give the part that is varied: the photo without its padding, but the file as it was sent."""
    if variation in {Variation.JPEG_QUALITY, Variation.DOWNSCALING}:
        return slice(None), slice(None)
    return photo_box(picture)


def _generator(variation: Variation, key: str) -> np.random.Generator:
    """Start the same random numbers for every strength, so that only the distance differs."""
    digest = hashlib.sha256(f"{variation} {key}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def _either_way(generator: np.random.Generator) -> float:
    return 1.0 if generator.random() < 0.5 else -1.0  # noqa: PLR2004 - a fair coin


def _change_viewpoint(picture: Pictures, strength: int, generator: np.random.Generator) -> Pictures:
    angle = np.deg2rad(ROTATION_DEGREES * strength) * _either_way(generator)
    return turn_camera(picture, angle, TILT * strength, generator.uniform(0, 2 * np.pi))


def _scale(picture: Pictures, strength: int, generator: np.random.Generator) -> Pictures:
    """Come nearer or go away, by a factor of up to two."""
    return magnify(picture, 2 ** (_either_way(generator) * strength / STRENGTHS[-1]))


def _deform(picture: Pictures, strength: int, generator: np.random.Generator) -> Pictures:
    return deform(picture, DISPLACEMENT * strength * draw_displacements(generator))


def _occlude(picture: Pictures, strength: int, generator: np.random.Generator) -> Pictures:
    """Put a rectangle of one colour before the garment, somewhere about the middle."""
    sides = np.array(picture.shape[:2])
    middle = generator.uniform(0.3, 0.7, 2) * sides
    aspect = 2.0 ** generator.uniform(-1, 1)
    extent = np.sqrt(OCCLUDED_SHARES[strength - 1] * np.array([aspect, 1 / aspect])) * sides
    first = np.clip(np.floor(middle - extent / 2), 0, sides).astype(int)
    last = np.clip(np.ceil(middle + extent / 2), 0, sides).astype(int)
    occluded = picture.copy()
    occluded[first[0] : last[0], first[1] : last[1]] = generator.integers(0, 256, 3)
    return occluded


def _illuminate(picture: Pictures, strength: int, generator: np.random.Generator) -> Pictures:
    """Change exposure, light from a side and the colour of the light, in stops of linear light."""
    rows, columns = (np.linspace(-1, 1, side, dtype=np.float32) for side in picture.shape[:2])
    direction = generator.uniform(0, 2 * np.pi)
    side_light = SIDE_LIGHT_STOPS * (np.sin(direction) * rows[:, None] + np.cos(direction) * columns)
    overall = EXPOSURE_STOPS * _either_way(generator) + generator.uniform(-CAST_STOPS, CAST_STOPS, 3)
    # A power of a sum is a product of powers: one for each pixel, one for each colour.
    gains = np.exp2(strength / DISPLAY_GAMMA * side_light)[..., None] * np.exp2(
        strength / DISPLAY_GAMMA * overall
    )
    return _as_picture(picture * gains.astype(np.float32))


def _cluttering(clutter: Pictures | None) -> Change:
    if clutter is None or not len(clutter):
        raise ExamplesError(
            f"background clutter needs pictures, got {None if clutter is None else len(clutter)}"
        )

    def clutter_background(picture: Pictures, strength: int, generator: np.random.Generator) -> Pictures:
        chosen = clutter[generator.integers(len(clutter))]
        background = _magnified_part(chosen, picture.shape[:2], generator)
        opacity = CLUTTER_OPACITIES[strength - 1] * (1 - garment_share(picture))[..., None]
        return _as_picture(picture + opacity * (background.astype(np.float32) - picture))

    return clutter_background


def _magnified_part(picture: Pictures, shape: tuple[int, ...], generator: np.random.Generator) -> Pictures:
    """Cut out a part about the middle and magnify it, upside down: textures and edges, but no second garment."""
    height, width = picture.shape[:2]
    part = np.array([width, height]) / CLUTTER_MAGNIFICATION
    left, top = (np.array([width, height]) - part) * generator.uniform(0.25, 0.75, 2)
    box = (left, top, left + part[0], top + part[1])
    image = Image.fromarray(picture).resize((shape[1], shape[0]), Image.Resampling.BILINEAR, box=box)
    return np.asarray(image)[::-1]


def _compress(picture: Pictures, strength: int, _: np.random.Generator) -> Pictures:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=JPEG_QUALITIES[strength - 1])
    with Image.open(data, formats=("JPEG",)) as compressed:
        return np.asarray(compressed)


def _downscale(picture: Pictures, strength: int, _: np.random.Generator) -> Pictures:
    """Keep a half, a third or a quarter of the pixels of each side, as a thumbnail does."""
    height, width = picture.shape[:2]
    small = (max(1, round(width / (strength + 1))), max(1, round(height / (strength + 1))))
    thumbnail = Image.fromarray(picture).resize(small, Image.Resampling.BILINEAR)
    return np.asarray(thumbnail.resize((width, height), Image.Resampling.BILINEAR))


def _as_picture(values: NDArray[Any]) -> Pictures:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


_CHANGES: Final[Mapping[Variation, Change]] = {
    Variation.VIEWPOINT: _change_viewpoint,
    Variation.SCALE: _scale,
    Variation.DEFORMATION: _deform,
    Variation.OCCLUSION: _occlude,
    Variation.ILLUMINATION: _illuminate,
    Variation.JPEG_QUALITY: _compress,
    Variation.DOWNSCALING: _downscale,
}

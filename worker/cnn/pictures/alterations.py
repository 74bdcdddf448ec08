"""Strong alterations of training pictures, for shops with other backgrounds, crops, lights and resolutions.

An alteration leaves the cut, the seams and the weave; it changes what a source gives away without them, above
all its colours and its background.
"""

import hashlib
import io
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from worker.cnn.arrays import Pictures
from worker.cnn.pictures.backgrounds import frame, uniform_background_garment
from worker.cnn.pictures.textures import draw_texture
from worker.cnn.pictures.views import View

_WHITE: Final = 250
"""Padding and studio backgrounds have no channel below this."""


def view_picture(picture: Pictures, view: View, key: str) -> Pictures:
    """Show squares that stand one above the other, uint8 (k * side, side, 3), in a view.

    The key decides how they are altered, all alike.
    """
    match view:
        case View.ORIGINAL:
            return picture
        case View.FLIPPED:
            return picture[:, ::-1]
    seed = int.from_bytes(hashlib.sha256(f"{key} {view}".encode()).digest()[:8], "big")
    squares = picture.reshape(-1, picture.shape[1], *picture.shape[1:])
    return np.concatenate([alter_strongly(square, np.random.default_rng(seed)) for square in squares])


def alter_strongly(picture: Pictures, generator: np.random.Generator) -> Pictures:
    """Alter a square picture, uint8 (side, side, 3), in several ways at once; gives the same shape."""
    garment = _without_margins(picture)
    layer = _cut_out(garment, generator)
    for chance, alter in _BEFORE_THE_BACKGROUND:
        if generator.random() < chance:
            layer = alter(layer, generator)
    image = _on_background(layer, np.median(frame(garment), axis=0), generator)
    for chance, alter in _WITH_THE_BACKGROUND:
        if generator.random() < chance:
            image = alter(image, generator)
    return _occlude(np.asarray(_on_square(image, len(picture), generator)), generator)


def _without_margins(picture: Pictures) -> Pictures:
    """Cut off white rows and columns: the padding, and what a studio left free around the garment."""
    shown = picture.min(axis=-1) < _WHITE
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    if min(len(rows), len(columns)) < len(picture) // 8:
        return picture
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _cut_out(picture: Pictures, generator: np.random.Generator) -> Image.Image:
    """Make the background transparent where it is uniform, in three pictures of five."""
    layer = Image.fromarray(picture).convert("RGBA")
    garment = uniform_background_garment(picture) if generator.random() < 0.6 else None  # noqa: PLR2004
    if garment is not None:
        mask = Image.fromarray(garment.astype(np.uint8) * 255)
        layer.putalpha(mask.filter(ImageFilter.GaussianBlur(1)))
    return layer


def _on_background(layer: Image.Image, colour: Any, generator: np.random.Generator) -> Image.Image:
    """Put the layer on a made-up texture, or on the colour that surrounded the garment."""
    if generator.random() < 0.7:  # noqa: PLR2004
        background = Image.fromarray(draw_texture(layer.height, layer.width, generator))
    else:
        background = Image.new("RGB", layer.size, tuple(int(value) for value in colour))
    background.paste(layer, mask=layer.getchannel("A"))
    return background


def _lose_colour(image: Image.Image, _: np.random.Generator) -> Image.Image:
    grey = image.convert("L").convert("RGBA")
    grey.putalpha(image.getchannel("A"))
    return grey


def _turn_hue(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    shift = int(generator.integers(256))
    hue, saturation, value = image.convert("RGB").convert("HSV").split()
    hue = hue.point([(level + shift) % 256 for level in range(256)])
    turned = Image.merge("HSV", (hue, saturation, value)).convert("RGBA")
    turned.putalpha(image.getchannel("A"))
    return turned


def _change_light(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Change saturation, brightness and contrast, and the colour of the light."""
    alpha, picture = image.getchannel("A"), image.convert("RGB")
    picture = ImageEnhance.Color(picture).enhance(generator.uniform(0.3, 1.5))
    picture = ImageEnhance.Brightness(picture).enhance(generator.uniform(0.6, 1.35))
    picture = ImageEnhance.Contrast(picture).enhance(generator.uniform(0.65, 1.4))
    gains = generator.uniform(0.85, 1.18, 3)
    picture = Image.fromarray(np.clip(np.asarray(picture) * gains, 0, 255).astype(np.uint8)).convert("RGBA")
    picture.putalpha(alpha)
    return picture


def _rotate(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    return image.rotate(generator.normal(0, 12), Image.Resampling.BILINEAR)


def _tilt(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Move each corner by up to an eighth of the sides, as another viewpoint would."""
    width, height = image.size
    corners = np.array([[0, 0], [0, height], [width, height], [width, 0]])
    moved = corners + generator.uniform(-0.12, 0.12, (4, 2)) * (width, height)
    return image.transform(
        image.size, Image.Transform.QUAD, moved.ravel().tolist(), Image.Resampling.BILINEAR
    )


def _mirror(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def _crop(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Keep 40 to 100 % of the area, at about the same proportions."""
    area, aspect = generator.uniform(0.4, 1), np.exp(generator.uniform(-0.35, 0.35))
    width = min(image.width, max(1, int(image.width * np.sqrt(area * aspect))))
    height = min(image.height, max(1, int(image.height * np.sqrt(area / aspect))))
    left, top = (
        int(generator.integers(image.width - width + 1)),
        int(generator.integers(image.height - height + 1)),
    )
    return image.crop((left, top, left + width, top + height))


def _downscale(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Leave as many pixels as a thumbnail has; the square will enlarge them again."""
    return _with_long_side(image, int(generator.integers(48, 110)))


def _blur(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(generator.uniform(0.5, 2)))


def _compress(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=int(generator.integers(25, 80)))
    with Image.open(data, formats=("JPEG",)) as compressed:
        return compressed.convert("RGB")


def _on_square(image: Image.Image, side: int, generator: np.random.Generator) -> Image.Image:
    """Squash the picture into the square, or pad it there with white or any colour, sometimes with margins."""
    if generator.random() < 0.2:  # noqa: PLR2004
        return image.resize((side, side), Image.Resampling.BILINEAR)
    inner = _with_long_side(image, int(side * min(1.0, generator.uniform(0.6, 1.6))))
    colour = (255, 255, 255) if generator.random() < 0.7 else tuple(generator.integers(0, 256, 3).tolist())  # noqa: PLR2004
    square = Image.new("RGB", (side, side), colour)
    square.paste(inner, ((side - inner.width) // 2, (side - inner.height) // 2))
    return square


def _with_long_side(image: Image.Image, side: int) -> Image.Image:
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR)


def _occlude(picture: Pictures, generator: np.random.Generator) -> Pictures:
    """Cover a rectangle in three pictures of ten: DeVries and Taylor, "Cutout" (arXiv 1708.04552, 2017)."""
    if generator.random() >= 0.3:  # noqa: PLR2004
        return picture
    covered, side = picture.copy(), len(picture)
    height, width = generator.integers(side // 8, side * 2 // 5, 2)
    top, left = generator.integers(side - height + 1), generator.integers(side - width + 1)
    covered[top : top + height, left : left + width] = generator.integers(0, 256, 3)
    return covered


Alteration = Callable[[Image.Image, np.random.Generator], Image.Image]

_BEFORE_THE_BACKGROUND: Final[tuple[tuple[float, Alteration], ...]] = (
    (0.25, _lose_colour), (0.35, _turn_hue), (1.0, _change_light), (0.6, _rotate), (0.4, _tilt), (0.5, _mirror),
)  # fmt: skip
"""Chances of what happens to the RGBA layer of the garment."""

_WITH_THE_BACKGROUND: Final[tuple[tuple[float, Alteration], ...]] = (
    (0.65, _crop), (0.35, _downscale), (0.15, _blur), (0.3, _compress),
)  # fmt: skip
"""Chances of what happens to the whole picture."""

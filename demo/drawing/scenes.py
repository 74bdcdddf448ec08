"""Where a garment is photographed: backdrop, place, shadow, light and noise. The same for all categories."""

import numpy as np
from PIL import Image, ImageFilter

from demo.drawing.canvas import (
    HEIGHT,
    WIDTH,
    FloatArray,
    X,
    Y,
    choose_colour,
    happens,
    smooth_noise,
    soft_step,
)

_WALLS = (
    (236, 234, 230),
    (226, 220, 210),
    (214, 222, 226),
    (232, 218, 214),
    (206, 200, 190),
    (190, 196, 190),
)
_FLOORS = ((170, 140, 108), (140, 112, 84), (196, 182, 160), (150, 148, 144), (120, 104, 96))
_BACKDROP_SHARES = (0.45, 0.25, 0.15, 0.15)
_ABOVE = 80


def photograph(garment: Image.Image, rng: np.random.Generator, most_degrees: float) -> Image.Image:
    """Give an RGB picture of an RGBA garment in a scene; it is hardly ever turned by more than `most_degrees`."""
    placed = _place(garment, rng, most_degrees)
    scene = _backdrop(rng) * _shadow(placed, rng)[..., None]
    pixels = np.asarray(placed)
    cover = pixels[..., 3:].astype(np.float32) / 255
    return _develop(scene + (pixels[..., :3] - scene) * cover, rng)


def _place(garment: Image.Image, rng: np.random.Generator, most_degrees: float) -> Image.Image:
    if happens(rng, 0.5):
        garment = garment.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    angle = np.radians(rng.normal(0, most_degrees / 2))
    scale = rng.uniform(0.84, 1.08)
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    x, y = WIDTH / 2 + rng.uniform(-14, 14), HEIGHT / 2 + rng.uniform(-14, 14)
    # What touches the upper edge, such as a torso, goes on above it: a smaller copy would show its cut.
    taller = np.pad(np.asarray(garment), ((_ABOVE, 0), (0, 0), (0, 0)), mode="edge")
    return Image.fromarray(taller).transform(
        (WIDTH, HEIGHT),
        Image.Transform.AFFINE,
        (cos, sin, WIDTH / 2 - cos * x - sin * y, -sin, cos, _ABOVE + HEIGHT / 2 + sin * x - cos * y),
        Image.Resampling.BILINEAR,
    )


def _shadow(placed: Image.Image, rng: np.random.Generator) -> FloatArray:
    """Give the light on the backdrop: less where the garment keeps it off."""
    blurred = placed.getchannel("A").filter(ImageFilter.BoxBlur(int(rng.integers(4, 10))))
    shadow = Image.new("L", (WIDTH, HEIGHT))
    shadow.paste(blurred, (int(rng.integers(-7, 8)), int(rng.integers(2, 8))))
    light: FloatArray = 1 - np.asarray(shadow, np.float32) * (rng.uniform(0.15, 0.4) / 255)
    return light


def _backdrop(rng: np.random.Generator) -> FloatArray:
    kind = int(rng.choice(len(_BACKDROP_SHARES), p=_BACKDROP_SHARES))
    return (_studio, _room, _planks, _concrete)[kind](rng)


def _studio(rng: np.random.Generator) -> FloatArray:
    """A white or light grey roll of paper, brighter in the middle."""
    distance = ((X - WIDTH / 2) / WIDTH) ** 2 + ((Y - HEIGHT / 2) / HEIGHT) ** 2
    tone: FloatArray = rng.uniform(225, 252) - rng.uniform(0, 76) * distance
    return tone[..., None]


def _room(rng: np.random.Generator) -> FloatArray:
    """A painted wall above a floor."""
    floor = soft_step(Y - rng.uniform(310, 380), 2)[..., None]
    wall = choose_colour(rng, _WALLS) * (1 - 0.08 * X / WIDTH)[..., None]
    room: FloatArray = wall + (choose_colour(rng, _FLOORS) - wall) * floor
    return room


def _planks(rng: np.random.Generator) -> FloatArray:
    """A wooden floor seen from above."""
    width = rng.uniform(46, 78)
    grain = 1 + 0.07 * np.sin(np.floor(X / width) * 12.9) + 0.07 * smooth_noise(rng, (3, 90))
    gap = soft_step(np.abs(X % width - width / 2) - (width / 2 - 1))
    floor: FloatArray = choose_colour(rng, _FLOORS) * (grain * (1 - 0.4 * gap))[..., None]
    return floor


def _concrete(rng: np.random.Generator) -> FloatArray:
    """A plain rough ground."""
    tone = 1 + 0.05 * smooth_noise(rng, (60, 60)) + 0.04 * smooth_noise(rng, (7, 7))
    ground: FloatArray = choose_colour(rng, _WALLS) * (rng.uniform(0.75, 1) * tone)[..., None]
    return ground


def _develop(scene: FloatArray, rng: np.random.Generator) -> Image.Image:
    """Light the scene from one side, add the camera's colour cast and its noise."""
    across, down = rng.uniform(-0.14, 0.14), rng.uniform(-0.14, 0.14)
    light = rng.uniform(0.86, 1.08) * (1 + across * (X / WIDTH - 0.5) + down * (Y / HEIGHT - 0.5))
    cast = rng.uniform(0.97, 1.03, 3).astype(np.float32)
    grain = rng.standard_normal((HEIGHT, WIDTH, 1), np.float32) * rng.uniform(1, 5)
    exposed = scene * (light[..., None] * cast) + grain
    picture = Image.fromarray(np.clip(exposed, 0, 255).astype(np.uint8), "RGB")
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 0.9))) if happens(rng, 0.2) else picture

"""Where a garment is photographed: backdrop, place, shadow, light and noise. The same for all categories."""

import numpy as np
from PIL import Image, ImageFilter

from demo.drawing.canvas import HEIGHT, WIDTH, FloatArray, X, Y, smooth_noise, soft_step

_WALLS = ((236, 234, 230), (226, 220, 210), (214, 222, 226), (232, 218, 214), (206, 200, 190), (190, 196, 190))
_FLOORS = ((170, 140, 108), (140, 112, 84), (196, 182, 160), (150, 148, 144), (120, 104, 96))


def photograph(garment: Image.Image, rng: np.random.Generator, most_degrees: float) -> Image.Image:
    """Return an RGB picture of an RGBA garment in a scene of its own, turned by at most so many degrees."""
    placed = _place(garment, rng, most_degrees)
    scene = _backdrop(rng)
    alpha = placed.getchannel("A")
    shadow = np.asarray(alpha.filter(ImageFilter.BoxBlur(int(rng.integers(4, 10)))), np.float32) / 255
    offset = (int(rng.integers(2, 8)), int(rng.integers(-7, 8)))
    scene *= 1 - rng.uniform(0.15, 0.4) * np.roll(shadow, offset, (0, 1))[..., None]
    pixels = np.asarray(placed, np.float32)
    cover = pixels[..., 3:] / 255
    scene += (pixels[..., :3] - scene) * cover
    return _develop(scene, rng)


def _place(garment: Image.Image, rng: np.random.Generator, most_degrees: float) -> Image.Image:
    if rng.random() < 0.5:  # noqa: PLR2004 - either way round
        garment = garment.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    angle = np.radians(rng.normal(0, most_degrees / 2))
    scale = rng.uniform(0.84, 1.08)
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    shift_x, shift_y = rng.uniform(-14, 14, 2)
    centre_x, centre_y = WIDTH / 2 + shift_x, HEIGHT / 2 + shift_y
    return garment.transform(
        (WIDTH, HEIGHT),
        Image.Transform.AFFINE,
        (
            cos,
            sin,
            WIDTH / 2 - cos * centre_x - sin * centre_y,
            -sin,
            cos,
            HEIGHT / 2 + sin * centre_x - cos * centre_y,
        ),
        Image.Resampling.BICUBIC,
    )


def _backdrop(rng: np.random.Generator) -> FloatArray:
    kind = rng.choice(4, p=(0.45, 0.25, 0.15, 0.15))
    return (_studio, _room, _planks, _concrete)[kind](rng)


def _studio(rng: np.random.Generator) -> FloatArray:
    """A white or light grey roll of paper, brighter in the middle."""
    base = rng.uniform(225, 252)
    distance = np.hypot((X - WIDTH / 2) / WIDTH, (Y - HEIGHT / 2) / HEIGHT)
    tone = base - rng.uniform(0, 38) * distance**2 * 2
    return tone[..., None] * np.array([1, 1, 1], np.float32)


def _room(rng: np.random.Generator) -> FloatArray:
    """A painted wall above a floor."""
    horizon = rng.uniform(310, 380)
    floor = soft_step(Y - horizon, 2)[..., None]
    wall_colour, floor_colour = (np.array(rng.choice(colours), np.float32) for colours in (_WALLS, _FLOORS))
    wall = wall_colour * (1 - 0.08 * (X / WIDTH)[..., None])
    return wall + (floor_colour - wall) * floor


def _planks(rng: np.random.Generator) -> FloatArray:
    """A wooden floor seen from above."""
    width = rng.uniform(46, 78)
    colour = np.array(rng.choice(_FLOORS), np.float32)
    plank = np.floor(X / width)
    tone = 1 + 0.07 * np.sin(plank * 12.9) + 0.07 * smooth_noise(rng, (3, 90))
    gap = soft_step(np.abs(X % width - width / 2) - (width / 2 - 1))
    return colour * (tone * (1 - 0.4 * gap))[..., None]


def _concrete(rng: np.random.Generator) -> FloatArray:
    """A plain rough ground."""
    colour = np.array(rng.choice(_WALLS), np.float32) * rng.uniform(0.75, 1)
    tone = 1 + 0.05 * smooth_noise(rng, (60, 60)) + 0.04 * smooth_noise(rng, (7, 7))
    return colour * tone[..., None]


def _develop(scene: FloatArray, rng: np.random.Generator) -> Image.Image:
    """Light the scene from one side, add the camera's colour cast and its noise."""
    across, down = rng.uniform(-0.14, 0.14, 2)
    light = rng.uniform(0.86, 1.08) * (1 + across * (X / WIDTH - 0.5) + down * (Y / HEIGHT - 0.5))
    cast = rng.uniform(0.97, 1.03, 3).astype(np.float32)
    grain = rng.standard_normal((HEIGHT, WIDTH, 1), np.float32) * rng.uniform(1, 5)
    pixels = np.clip(scene * light[..., None] * cast + grain, 0, 255).astype(np.uint8)
    picture = Image.fromarray(pixels, "RGB")
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 0.9))) if rng.random() < 0.2 else picture  # noqa: PLR2004

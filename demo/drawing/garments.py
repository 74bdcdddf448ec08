"""Drawn garments: the pictures of the demo shop where no photos are given.

A drawing depends on category, seed, index and view only. The index decides the garment, the view its scene.
"""

from PIL import Image

from demo.drawing.canvas import Layer
from demo.drawing.jeans import draw_jeans
from demo.drawing.sarees import draw_saree
from demo.drawing.scenes import photograph
from demo.drawing.trousers import draw_trousers
from demo.drawing.tunics import draw_tunic
from demo.seeds import seeded_generator, seeded_random

_MOST_DEGREES = 7.0
# Jeans and trousers share several colours, so that colour alone does not tell them apart.
_SHARED_COLOURS = {
    "Navy Blue": (38, 46, 74),
    "Black": (38, 38, 42),
    "Charcoal": (72, 74, 80),
    "Grey": (118, 120, 126),
    "Olive": (96, 98, 70),
    "Beige": (202, 188, 160),
}
_JEANS_COLOURS = _SHARED_COLOURS | {
    "Indigo": (48, 60, 98),
    "Dark Blue": (40, 54, 86),
    "Mid Blue": (88, 116, 158),
    "Light Blue": (146, 170, 202),
    "Ice Blue": (182, 198, 218),
}
_TROUSERS_COLOURS = _SHARED_COLOURS | {
    "Light Grey": (168, 170, 176),
    "Khaki": (176, 152, 112),
    "Brown": (100, 76, 58),
    "Slate Blue": (92, 108, 138),
    "Cream": (226, 220, 204),
}
_BRIGHT_COLOURS = {
    "Maroon": (118, 22, 40),
    "Red": (190, 30, 44),
    "Magenta": (182, 30, 106),
    "Rani Pink": (214, 56, 128),
    "Mustard": (206, 152, 34),
    "Orange": (214, 100, 34),
    "Bottle Green": (22, 84, 62),
    "Peacock Blue": (16, 104, 128),
    "Royal Blue": (36, 56, 146),
    "Purple": (92, 42, 112),
    "Ivory": (232, 222, 200),
    "Peach": (236, 178, 150),
    "Sky Blue": (150, 190, 216),
    "Navy Blue": (38, 46, 74),
    "Grey": (118, 120, 126),
    "Black": (38, 38, 42),
}
_COLOURS = {"jeans": _JEANS_COLOURS, "trousers": _TROUSERS_COLOURS}


def colour_name(category: str, seed: int, index: int) -> str:
    """Give the name of a garment's colour."""
    return seeded_random(seed, "colour", category, index).choice(
        list(_COLOURS.get(category, _BRIGHT_COLOURS))
    )


def draw_garment(category: str, seed: int, index: int, view: int = 0) -> Image.Image:
    """Draw a garment in a scene: RGB, 320 x 420 pixels. A category without a drawing gets a tunic."""
    scene = seeded_generator(seed, "scene", category, index, view)
    return photograph(_draw(category, seed, index).image(), scene, _MOST_DEGREES)


def draw_cutout(category: str, seed: int, index: int) -> Image.Image:
    """Draw a garment without a scene: RGBA, 320 x 420 pixels, transparent around it."""
    return _draw(category, seed, index).image()


def _draw(category: str, seed: int, index: int) -> Layer:
    rng = seeded_generator(seed, "garment", category, index)
    colour = _COLOURS.get(category, _BRIGHT_COLOURS)[colour_name(category, seed, index)]
    match category:
        case "jeans":
            return draw_jeans(colour, rng)
        case "trousers":
            return draw_trousers(colour, rng)
        case "saree":
            return draw_saree(colour, rng)
    return draw_tunic(category, colour, rng)

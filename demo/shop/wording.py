"""Invented brands, titles and prices, in the manner of an Indian clothing shop."""

from dataclasses import dataclass
from random import Random

_CRORE_GROUPS = 2


@dataclass(frozen=True)
class Wording:
    """What the listings of one category are made of; prices are whole rupees."""

    brands: tuple[str, ...]
    titles: tuple[str, ...]
    fabrics: tuple[str, ...]
    styles: tuple[str, ...]
    breadcrumb: tuple[str, ...]
    lowest_price: int
    highest_price: int


_SAREE = Wording(
    brands=("Meghdhara", "Ranjika Weaves", "Tantukala", "Neelvarna", "Padmarekha", "Ishvani Silks"),
    titles=(
        "Women's {fabric} {style} Saree with Unstitched Blouse Piece ({colour})",
        "{style} {fabric} Saree for Women, {colour}, Free Size",
        "{colour} {fabric} Saree with {style} Border and Contrast Pallu",
        "Women's {colour} {style} Festive Wear {fabric} Saree, 6.3 Metres",
    ),
    fabrics=("Banarasi Silk", "Cotton Silk", "Georgette", "Chiffon", "Linen", "Kota Cotton", "Art Silk"),
    styles=("Zari Woven", "Block Printed", "Temple", "Floral Printed", "Handloom", "Bandhani", "Embroidered"),
    breadcrumb=("Clothing & Accessories", "Women", "Ethnic Wear", "Sarees"),
    lowest_price=399,
    highest_price=124_999,
)
_JEANS = Wording(
    brands=("Bluebarn", "Rustik Yard", "Karigar Denim", "Northlane & Sons", "Dhaaga Works", "Kodai Indigo"),
    titles=(
        "Men's {style} Fit {fabric} Jeans ({colour})",
        "Men {style} Fit Mid Rise {colour} {fabric} Jeans",
        "{colour} {fabric} Jeans for Men, {style} Fit, 5 Pockets",
    ),
    fabrics=("Stretchable", "Pure Cotton", "Stone Washed", "Selvedge", "Whiskered", "Light Fade"),
    styles=("Slim", "Regular", "Tapered", "Straight", "Relaxed", "Skinny"),
    breadcrumb=("Clothing & Accessories", "Men", "Jeans"),
    lowest_price=449,
    highest_price=5_999,
)
_TROUSERS = Wording(
    brands=("Officio", "Kashi Tailoring", "Straightline", "Lakecity", "Vastrakar", "Marigold Row"),
    titles=(
        "Men's {style} {fabric} Formal Trousers ({colour})",
        "Men {style} Fit {colour} {fabric} Trousers",
        "{colour} {fabric} Trousers for Men, {style} Fit, Cross Pockets",
    ),
    fabrics=("Poly Viscose", "Cotton Twill", "Linen Blend", "Terry Rayon", "Wool Blend", "Lycra"),
    styles=("Slim", "Regular", "Straight", "Relaxed", "Tapered", "Comfort"),
    breadcrumb=("Clothing & Accessories", "Men", "Trousers"),
    lowest_price=399,
    highest_price=4_499,
)
_BY_CATEGORY = {"saree": _SAREE, "jeans": _JEANS, "trousers": _TROUSERS}


def wording_of(category: str, title: str) -> Wording:
    """Give the wording of a category; one the demo does not know is worded with its own title."""
    return _BY_CATEGORY.get(category) or Wording(
        brands=("Vastrakar", "Marigold Row", "Dhaaga Works", "Lakecity"),
        titles=("{colour} {fabric} {style} " + title, title + ", {style}, {fabric}, {colour}"),
        fabrics=("Cotton", "Linen", "Viscose", "Silk Blend"),
        styles=("Classic", "Printed", "Plain", "Festive", "Everyday"),
        breadcrumb=("Clothing & Accessories", title),
        lowest_price=299,
        highest_price=4_999,
    )


def compose_title(wording: Wording, colour: str, rng: Random) -> str:
    """Compose one product title; the brand is no part of it."""
    return rng.choice(wording.titles).format(
        fabric=rng.choice(wording.fabrics), style=rng.choice(wording.styles), colour=colour
    )


def choose_price(wording: Wording, rng: Random) -> int:
    """Choose a price in whole rupees, ending in 9: most are low, a few far above."""
    price = wording.lowest_price * (wording.highest_price / wording.lowest_price) ** (rng.random() ** 1.6)
    return max(wording.lowest_price, int(price) // 10 * 10 + 9)


def group_digits(number: int) -> str:
    """Write a whole number as India groups it: 1,02,890."""
    digits = str(number)
    head, tail = digits[:-3], digits[-3:]
    groups = [head[max(0, end - _CRORE_GROUPS) : end] for end in range(len(head), 0, -_CRORE_GROUPS)]
    return ",".join([*reversed(groups), tail])


def rupees(amount: int) -> str:
    """Write whole rupees as the shop shows them."""
    return f"₹{group_digits(amount)}"

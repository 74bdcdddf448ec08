"""Addresses of product pictures: the original's, and the best one that the page itself gives."""

import json
import math
import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit, urlunsplit

# `<id>._AC_UL320_.jpg`: what stands between the id and the ending only bounds, crops or converts.
_MODIFIERS = re.compile(r"\._[^/]*_(?=\.(?:jpe?g|png|gif|webp|avif)$)", re.IGNORECASE)
# A composite is painted from several pictures by its modifiers: without them the print would be lost.
_COMPOSITE = re.compile(r"_CLa|\||%7C", re.IGNORECASE)
_CONVERTED = re.compile(r"/images/W/[^/]+/images/")
_ADDRESS = re.compile(r"https?://[!-~]+/images/(?!G/)[!-~]+")
_LONGEST_ADDRESS = 2000
_LONGEST_SIDE = 10**6
# An address may hold commas itself: only a comma before white space ends a source.
_BETWEEN_SOURCES = re.compile(r",\s")
_SOURCE = re.compile(r"\s*(\S+)\s+(\d{1,6}(?:\.\d{1,6})?)[xw]\s*")
_WIDEST = 5000
"""Pixels; a picture of usual proportions has no more than 40 million then, which the gate lets through."""
_LARGEST = 40_000_000
"""Pixels: MAX_PIXELS of db.pictures.decoder, which pages, being pure, may not import."""


@dataclass(frozen=True)
class ImageAddress:
    """Where a picture lies: `url` is the original's; `fallback` is the page's own address, if another.

    The original is found by common practice (its address is the one without modifiers), and may be too large or
    refused: then fetch `fallback`.
    """

    url: str
    fallback: str | None = None


def image_address(found: str | None, page_url: str) -> ImageAddress | None:
    """Give the picture behind an address found in a page, or None where it is none of a product's.

    Graphics of the site itself (`/images/G/`) and files of a saved page are none of a product's.
    """
    try:
        absolute = urljoin(page_url, found or "")
        parts = urlsplit(absolute)
    except ValueError:
        return None
    if len(absolute) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(absolute):
        return None
    if _COMPOSITE.search(parts.path):
        return ImageAddress(absolute)
    path = _CONVERTED.sub("/images/", _MODIFIERS.sub("", parts.path))
    original = urlunsplit(parts._replace(path=path))
    return ImageAddress(original, absolute if absolute != original else None)


def best_source(srcset: str | None) -> str | None:
    """Give the address with the highest density or width of an `img@srcset` that is not too wide to be taken."""
    matches = filter(None, map(_SOURCE.fullmatch, _BETWEEN_SOURCES.split(srcset or "")))
    sizes = {match[1]: float(match[2]) for match in matches}
    return max(sizes, key=lambda address: _rank(sizes[address], _WIDEST), default=None)


def largest_size(sizes: object) -> str | None:
    """Give the address with the largest area of a mapping {address: [width, height]} that is not too large to take.

    A string is read as JSON, as in `img@data-a-dynamic-image`; anything else gives None.
    """
    if isinstance(sizes, str):
        try:
            sizes = json.loads(sizes)
        except (ValueError, RecursionError):
            return None
    if not isinstance(sizes, dict) or not sizes:
        return None
    areas = {str(address): _area(size) for address, size in sizes.items()}
    return max(areas, key=lambda address: _rank(areas[address], _LARGEST))


def _rank(size: float, limit: float) -> float:
    """Order sizes: the larger the better up to the limit, the smaller the better beyond it."""
    return size if size <= limit else -size


def _area(size: object) -> float:
    sides = size if isinstance(size, list) else [0]
    return math.prod(side if isinstance(side, int | float) and side < _LONGEST_SIDE else 0 for side in sides)

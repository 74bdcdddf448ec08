"""Where a product's screen is: a key of a shop may hold any character, and its address is still one of ours."""

import re
from typing import Final
from urllib.parse import quote

_MISLEADING: Final = re.compile(r"[%~/\x00-\x1f]|\.(?=\.*$)|\.(?=(?:json|csv)\s*$)")
"""Percent escapes of these would be read as they are: by proxies, by browsers (a segment of dots), as a twin."""

_WRITTEN: Final = re.compile("~([0-9A-F]{2})")


def product_address(marketplace: str, asin: str) -> str:
    """Give the address of a product's screen; `.json` behind it is the address of its twin."""
    return f"/products/{_segment(marketplace)}/{_segment(asin)}"


def read_segment(segment: str) -> str:
    """Give the part of a key that a segment of an address, without its percent escapes, stands for."""
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), segment)


def _segment(word: str) -> str:
    escaped = _MISLEADING.sub(lambda found: f"~{ord(found[0]):02X}", word)
    return quote(escaped, safe="~", errors="replace")

"""ASINs: the shop's names of its products."""

import re
from urllib.parse import unquote

_ASIN = re.compile(r"[A-Z0-9]{10}")
_IN_ADDRESS = re.compile(r"/(?:dp|gp/product|gp/aw/d)/(?:product/)?([A-Z0-9]{10})(?![A-Z0-9])")


def is_asin(text: str) -> bool:
    """Say whether the text is an ASIN: ten capital letters and digits."""
    return _ASIN.fullmatch(text) is not None


def find_asin(address: str | None) -> str | None:
    """Give the ASIN of a product's address, also where it is wrapped in an advertisement's link."""
    match = _IN_ADDRESS.search(unquote(address or ""))
    return match.group(1) if match else None

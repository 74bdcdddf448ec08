"""JSON values that a page's scripts carry."""

import json
import re
from itertools import islice

_DECODER = json.JSONDecoder()
_MOST_ATTEMPTS = 20


def inline_value(source: str, *keys: str) -> object:
    """Give the JSON value that the script assigns to a path of keys, or None.

    The wrapper around the value is JavaScript, not JSON: keys may stand in single quotes, as in
    `'colorImages': {'initial': [...]}`, where `inline_value(source, "colorImages", "initial")` is the list.
    """
    path = r"\s*:\s*\{\s*".join(rf"""["']{re.escape(key)}["']""" for key in keys)
    for match in islice(re.finditer(rf"{path}\s*:\s*", source), _MOST_ATTEMPTS):
        try:
            return _DECODER.raw_decode(source, match.end())[0]
        except (ValueError, RecursionError):
            continue
    return None

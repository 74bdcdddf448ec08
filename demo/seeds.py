"""Numbers and codes that depend on a seed and a name only, so that two runs make the same shop."""

import hashlib
import string
from random import Random

import numpy as np

_ALPHANUMERIC = string.digits + string.ascii_uppercase


def seeded_random(*name: object) -> Random:
    """Give the random numbers that belong to a name."""
    return Random(" ".join(map(str, name)))  # noqa: S311 - reproducible on purpose, nothing secret


def seeded_generator(*name: object) -> np.random.Generator:
    """Give NumPy's random numbers that belong to a name."""
    return np.random.default_rng(int.from_bytes(_digest(name)[:8], "big"))


def seeded_code(length: int, *name: object) -> str:
    """Give digits and capital letters that belong to a name, at most 16 of them."""
    return "".join(_ALPHANUMERIC[byte % len(_ALPHANUMERIC)] for byte in _digest(name)[:length])


def _digest(name: tuple[object, ...]) -> bytes:
    return hashlib.blake2b(" ".join(map(str, name)).encode(), digest_size=16).digest()

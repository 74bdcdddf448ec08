"""Views: the same picture as another shop might have shown it."""

from enum import StrEnum


class View(StrEnum):
    """A fixed way to alter a training picture; its features are computed once and cached."""

    ORIGINAL = "original"
    FLIPPED = "flipped"

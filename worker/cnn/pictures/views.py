"""Views: the fixed ways to show a training picture; what a network computes of them is kept in files."""

from enum import StrEnum
from typing import Final


class View(StrEnum):
    """A picture as it is, mirrored, or strongly altered in one of three ways.

    A head on frozen features learns from the first two: further views moved its accuracy on sources never
    seen by less than chance does, or lowered it. Fine-tuning needs them all.
    """

    ORIGINAL = "original"
    FLIPPED = "flipped"
    ALTERED_1 = "altered_1"
    ALTERED_2 = "altered_2"
    ALTERED_3 = "altered_3"


PLAIN_VIEWS: Final = (View.ORIGINAL, View.FLIPPED)
"""Those that show what a shop would show."""

"""What a saved network gives, whichever engine runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from worker.cnn.arrays import Floats, Pictures


@dataclass(frozen=True)
class Outputs:
    """What a saved network gives for n pictures: logits (n, classes) and in-distribution scores (n,)."""

    logits: Floats
    in_distribution: Floats


Engine: TypeAlias = Callable[[Pictures], Outputs]
"""Runs a network over fitted pictures, uint8 (n, height, width, 3), n from 0; from one thread at a time."""

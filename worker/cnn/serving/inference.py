"""What a saved network takes and gives, whichever engine runs it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Pictures

LOGITS: Final = "logits"
IN_DISTRIBUTION: Final = "in_distribution"
EMBEDDING: Final = "embedding"

Outputs: TypeAlias = Mapping[str, NDArray[np.float32]]
"""What a network gives for n pictures, by the output's name: float32 (n, ...)."""


@dataclass(frozen=True)
class Signature:
    """What a network takes and gives.

    Attributes:
        picture: height, width, 3.
        outputs: by name, the shape beside the number of pictures; no two have as many dimensions, by which an
            engine tells outputs apart that have lost their names.
    """

    picture: tuple[int, int, int]
    outputs: Mapping[str, tuple[int, ...]]

    @classmethod
    def whole(cls, picture: tuple[int, int, int], classes: int) -> Self:
        """Describe a network that ends at logits (classes,) and in-distribution scores ()."""
        return cls(picture, {LOGITS: (classes,), IN_DISTRIBUTION: ()})

    @classmethod
    def body(cls, picture: tuple[int, int, int], width: int) -> Self:
        """Describe a network that ends at embeddings (width,), in units of an int8."""
        return cls(picture, {EMBEDDING: (width,)})

    def empty(self, count: int) -> dict[str, NDArray[np.float32]]:
        """Make room for what the network gives for so many pictures."""
        return {name: np.empty((count, *shape), np.float32) for name, shape in self.outputs.items()}


Engine: TypeAlias = Callable[[Pictures], Outputs]
"""Runs a network over fitted pictures, uint8 (n, height, width, 3), n from 0; from one thread at a time."""


def quantise(outputs: Outputs) -> NDArray[np.int8]:
    """Give the embeddings, int8 (n, width), that a body's outputs stand for: rounded, and held to -127 to 127."""
    return np.clip(np.rint(outputs[EMBEDDING]), -127, 127).astype(np.int8)

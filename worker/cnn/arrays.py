"""The arrays that pass between the modules, and what a label says."""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pictures: TypeAlias = NDArray[np.uint8]
"""RGB pictures (n, height, width, 3), 0 to 255, fitted to a network's input."""

Floats: TypeAlias = NDArray[np.floating]

Labels: TypeAlias = NDArray[np.int64]
"""Indices into the categories, or KNOWN_NEGATIVE."""

KNOWN_NEGATIVE: Final = -1
"""The label of a picture that shows none of the categories."""

"""Intervals of any figure: over resampled units, and over seeds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

RESAMPLES: Final = 500
LEVEL: Final = 0.95
_SEED: Final = 0

Figures = Mapping[str, float | None]
"""Figures by name; None where there is nothing to take one of."""


def bootstrap(
    measure: Callable[[NDArray[np.int64]], Figures], units: NDArray[Any]
) -> dict[str, tuple[float, float]]:
    """Give the 95 % percentile interval of each figure when units are drawn again, with all their rows.

    Args:
        measure: of row numbers, some of which come several times.
        units: (n,), which unit each row belongs to.
    """
    names, of_unit = np.unique(units, return_inverse=True)
    rows = [np.flatnonzero(of_unit == number) for number in range(len(names))]
    generator = np.random.default_rng(_SEED)
    draws = (generator.integers(0, len(rows), len(rows)) for _ in range(RESAMPLES))
    figures = [measure(np.concatenate([rows[unit] for unit in draw])) for draw in draws]
    return {name: _percentiles([each[name] for each in figures]) for name in figures[0]}


def over_seeds(values: Sequence[float]) -> tuple[float, float, float]:
    """Give the mean of one figure of each seed, and its 95 % interval by Student's t."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    half = float(t.ppf((1 + LEVEL) / 2, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return mean, mean - half, mean + half


def _percentiles(values: Sequence[float | None]) -> tuple[float, float]:
    there = [value for value in values if value is not None]
    if not there:
        return float("nan"), float("nan")
    low, high = np.quantile(there, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)

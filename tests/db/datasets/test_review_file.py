from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.datasets.review_file import read_review_file
from db.errors import ReviewFileError
from db.repository.reviews import Verdict
from tests.factories import CATEGORIES


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "verdicts.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_are_found_by_name_and_others_are_ignored(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "title,category,asin,marketplace,reviewer\nA saree,saree, B1 ,amazon.in,asha\n,other,B2,amazon.in,\n",
    )
    assert read_review_file(path, CATEGORIES, reviewer="ravi").verdicts == (
        Verdict("amazon.in", "B1", "saree", "asha"),
        Verdict("amazon.in", "B2", "other", "ravi"),
    )


def test_what_a_spreadsheet_writes_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, b'\xef\xbb\xbfmarketplace,asin,category\r\nmine,"a ""b"", c.jpg",jeans\r\n')
    assert read_review_file(path, CATEGORIES).verdicts == (Verdict("mine", 'a "b", c.jpg', "jeans"),)


def test_equal_files_have_equal_digests_and_others_not(tmp_path: Path) -> None:
    text = "marketplace,asin,category\nmine,B1,jeans\n"
    first = read_review_file(write(tmp_path, text), CATEGORIES).digest
    assert read_review_file(write(tmp_path, text), CATEGORIES).digest == first
    assert read_review_file(write(tmp_path, f"{text}mine,B2,jeans\n"), CATEGORIES).digest != first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks marketplace, asin, category"),
        ("marketplace;asin;category\n", "lacks marketplace, asin, category"),
        ("marketplace,asin\nmine,B1\n", "lacks category"),
        ("marketplace,asin,category\n", "got 0 lines"),
        ("marketplace,asin,category\nmine,B1,jeans\nmine,,jeans\n", "line 3 lacks asin"),
        ("marketplace,asin,category\nmine,B1\n", "line 2 lacks category"),
        ("marketplace,asin,category\nmine,B1,skirt\n", "line 2: categories are saree, jeans, trousers and other"),
        (f"marketplace,asin,category,reviewer\nmine,B1,jeans,{'x' * 101}\n", "line 2: a reviewer has at most 100"),
        (b"marketplace,asin,category\nmine,\xff,jeans\n", "cannot read the verdicts"),
        ('marketplace,asin,category\nmine,"B1,jeans\n', "cannot read the verdicts"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_its_line(text: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(ReviewFileError, match=message):
        read_review_file(write(tmp_path, text), CATEGORIES)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_verdicts_or_a_named_error(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("file") / "verdicts.csv"
    path.write_bytes(b"marketplace,asin,category\n" + data)
    try:
        found = read_review_file(path, CATEGORIES)
    except ReviewFileError:
        return
    assert all(verdict.marketplace and verdict.asin for verdict in found.verdicts)


def test_a_file_that_to_review_wrote_says_why_each_product_was_asked(tmp_path: Path) -> None:
    path = write(tmp_path, "marketplace,asin,why,category\nmine,B1,new source,jeans\nmine,B2,,saree\n")
    assert read_review_file(path, CATEGORIES).verdicts == (
        Verdict("mine", "B1", "jeans", why="new source"),
        Verdict("mine", "B2", "saree"),
    )
    path = write(tmp_path, "marketplace,asin,why,category\nmine,B1,curious,jeans\n")
    with pytest.raises(ReviewFileError, match=r"line 2: why is new source, .*or empty; got 'curious'"):
        read_review_file(path, CATEGORIES)

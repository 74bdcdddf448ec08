import csv
import io
from dataclasses import dataclass

import pytest

from db.row_formats import WRITERS


@dataclass(frozen=True)
class Row:
    title: str | None
    price: float | None = None


def written(kind: str, *rows: Row) -> bytes:
    stream = io.BytesIO()
    WRITERS[kind](rows, Row, stream)
    return stream.getvalue()


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_text_becomes_a_formula_of_a_spreadsheet(text: str) -> None:
    data = written("spreadsheet", Row(text, -5.0)).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(data, newline=""))
    assert row == {"title": f"'{text}", "price": "-5.0"}  # a number stays one


def test_csv_for_programs_keeps_every_text_as_it_is() -> None:
    (row,) = csv.DictReader(io.StringIO(written("csv", Row("=1+1, साड़ी")).decode(), newline=""))
    assert row == {"title": "=1+1, साड़ी", "price": ""}


def test_a_spreadsheet_is_told_that_it_is_utf_8() -> None:
    assert written("spreadsheet", Row("साड़ी")).startswith("\ufefftitle,price\r\n".encode())

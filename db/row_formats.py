"""Rows for programs: JSON, CSV or Parquet; a row is a frozen dataclass, whose fields are the columns."""

import codecs
import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import IO, Any, Final

from db.parquet_format import write_parquet

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula."""


def _write_json(rows: Iterable[Any], _row_type: type, stream: IO[bytes]) -> None:
    """Write one array, one object a line: prices as numbers with both digits, moments in UTC."""
    separator = "[\n"
    for row in rows:
        stream.write(f"{separator}{_object(row)}".encode())
        separator = ",\n"
    stream.write(b"[]\n" if separator == "[\n" else b"\n]\n")


def _write_csv(rows: Iterable[Any], row_type: type, stream: IO[bytes]) -> None:
    """Write a header and a line for each row: null is empty, true and false are spelt so, lists are JSON.

    Texts keep every byte, for programs: one that begins with `=` is a formula to a spreadsheet.
    """
    lines = csv.writer(codecs.getwriter("utf-8")(stream), lineterminator="\n")
    lines.writerow(field.name for field in fields(row_type))
    for row in rows:
        lines.writerow([_cell(value) for value in vars(row).values()])


def _write_spreadsheet(rows: Iterable[Any], row_type: type, stream: IO[bytes]) -> None:
    """Write CSV in which no text becomes a formula: an apostrophe goes before what would begin one.

    The byte-order mark says to spreadsheets that it is UTF-8. Source: OWASP, CSV Injection.
    """
    stream.write(codecs.BOM_UTF8)
    lines = csv.writer(codecs.getwriter("utf-8")(stream), lineterminator="\r\n")
    lines.writerow(field.name for field in fields(row_type))
    for row in rows:
        lines.writerow([_no_formula(_cell(value)) for value in vars(row).values()])


WRITERS: Final[dict[str, Callable[[Iterable[Any], type, IO[bytes]], None]]] = {
    "json": _write_json,
    "csv": _write_csv,
    "spreadsheet": _write_spreadsheet,
    "parquet": write_parquet,
}
"""Write rows of a dataclass to a stream, by the name of the format."""


def as_text(value: Any) -> str:
    """Write a moment as ISO 8601 in UTC; the last resort of every encoder here."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


_JSON: Final = json.JSONEncoder(ensure_ascii=False, default=as_text)


def _object(row: Any) -> str:
    pairs = (f'"{name}": {_number_or_json(value)}' for name, value in vars(row).items())
    return f"  {{{', '.join(pairs)}}}"


def _number_or_json(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else _JSON.encode(value)


def _no_formula(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return _JSON.encode(value)
    return as_text(value) if isinstance(value, datetime) else value

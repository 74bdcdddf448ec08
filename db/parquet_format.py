"""Rows of a dataclass as Parquet, in types that pandas, Polars and DuckDB compute with as they are."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from types import NoneType
from typing import IO, TYPE_CHECKING, Any, Final, get_args, get_type_hints

from db.rows import in_chunks

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_OF_A_GROUP: Final = 1000

_FLOAT: Final = "_float"
"""Ends the name of the column that has an amount as a floating-point number."""

_WITH_NULLS: Final = {"bool": "boolean", "int64": "Int64"}
"""What pandas holds a column in that may have nulls: it would else make objects of truths, and floats of numbers."""


def write_parquet(rows: Iterable[Any], row_type: type, stream: IO[bytes]) -> None:
    """Write a row group for each thousand rows: money as decimal(14, 2), moments with their zone.

    Beside an amount, such as `price`, stands the same as float64, `price_float`: most programs make objects of
    decimals. A field that is never None is a required column.
    """
    import pyarrow as pa  # noqa: PLC0415 - a second to load, and only this format needs it
    import pyarrow.parquet as pq  # noqa: PLC0415

    schema = _schema(row_type)
    amounts = [name[: -len(_FLOAT)] for name in schema.names if name.endswith(_FLOAT)]
    with pq.ParquetWriter(stream, schema) as writer:
        for page in in_chunks(rows, _ROWS_OF_A_GROUP):
            values = [vars(row) | _as_floats(row, amounts) for row in page]
            writer.write_table(pa.Table.from_pylist(values, schema=schema))


def _schema(row_type: type) -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415 - see write_parquet

    types = {
        str: pa.string(),
        bool: pa.bool_(),
        int: pa.int64(),
        float: pa.float64(),
        Decimal: pa.decimal128(14, 2),
        datetime: pa.timestamp("us", tz="UTC"),
    }
    columns = [pa.field(name, types[kind], nullable) for name, kind, nullable in _columns(row_type)]
    return pa.schema(columns, {"pandas": _for_pandas(columns)})


def _columns(row_type: type) -> Iterator[tuple[str, type, bool]]:
    """Give name, type and whether it may be None of each column."""
    hints = get_type_hints(row_type)
    for field in fields(row_type):
        kinds = get_args(hints[field.name]) or (hints[field.name],)
        kind, nullable = next(kind for kind in kinds if kind is not NoneType), NoneType in kinds
        yield field.name, kind, nullable
        if kind is Decimal:
            yield f"{field.name}{_FLOAT}", float, nullable


def _for_pandas(columns: "list[pa.Field]") -> str:
    """Say which columns pandas shall hold in a type that knows nulls.

    The form: https://pandas.pydata.org/docs/development/developer.html
    """
    told = [
        {
            "name": column.name,
            "field_name": column.name,
            "pandas_type": str(column.type),
            "numpy_type": _WITH_NULLS[str(column.type)],
            "metadata": None,
        }
        for column in columns
        if column.nullable and str(column.type) in _WITH_NULLS
    ]
    return json.dumps({"index_columns": [], "column_indexes": [], "columns": told})


def _as_floats(row: Any, amounts: list[str]) -> dict[str, float | None]:
    found = {name: getattr(row, name) for name in amounts}
    return {f"{name}{_FLOAT}": None if value is None else float(value) for name, value in found.items()}

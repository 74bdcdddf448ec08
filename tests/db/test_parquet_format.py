import io
import json
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from db.parquet_format import write_parquet


@dataclass(frozen=True)
class Offer:
    id: int
    price: Decimal | None
    uncertain: bool | None
    review_count: int | None = None


def table_of(*rows: Offer) -> pa.Table:
    stream = io.BytesIO()
    write_parquet(rows, Offer, stream)
    return pq.read_table(io.BytesIO(stream.getvalue()))


def test_an_amount_is_there_to_the_digit_and_as_a_number_to_compute_with() -> None:
    table = table_of(Offer(1, Decimal("499.90"), True), Offer(2, None, None))
    assert table.column_names == ["id", "price", "price_float", "uncertain", "review_count"]
    assert table["price"].to_pylist() == [Decimal("499.90"), None]
    assert table["price_float"].to_pylist() == [499.9, None]
    assert [str(table.schema.field(name).type) for name in ("price", "price_float")] == [
        "decimal128(14, 2)",
        "double",
    ]


def test_only_a_column_that_may_be_empty_may_have_nulls() -> None:
    schema = table_of(Offer(1, None, None)).schema
    assert [field.name for field in schema if not field.nullable] == ["id"]


def test_pandas_is_told_to_hold_truths_and_numbers_with_nulls_as_such() -> None:
    told = json.loads(table_of(Offer(1, None, None)).schema.metadata[b"pandas"])
    assert {column["name"]: column["numpy_type"] for column in told["columns"]} == {
        "uncertain": "boolean",
        "review_count": "Int64",
    }


def test_no_rows_have_the_same_columns() -> None:
    assert table_of().schema == table_of(Offer(1, Decimal(1), False, 3)).schema

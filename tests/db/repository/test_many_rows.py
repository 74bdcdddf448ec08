from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from db.models import LabelChange, Product
from db.repository.many_rows import insert_rows, update_rows
from db.session import Database
from tests.factories import get_product, product, save

NAMES = ("category", "confidence", "uncertain", "classified_at")
ROWS: tuple[tuple[Any, ...], ...] = (
    ('a "quoted", \\ {braced}', 0.1 + 0.2, True, datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)),
    (None, None, None, None),
    ("NULL", 5e-324, False, datetime(2026, 1, 2, tzinfo=UTC)),
    ("", 1 / 3, True, None),
)


def test_each_row_gets_its_own_values_to_the_last_digit(database: Database) -> None:
    asins = [f"B00000000{n}" for n in range(len(ROWS) + 1)]
    save(database, *map(product, asins))
    ids = [get_product(database, asin).id for asin in asins]
    rows = [(product_id, *values) for product_id, values in zip(ids, ROWS, strict=False)]
    with database.write() as session:
        update_rows(session, Product, ("id", *NAMES), rows)
        update_rows(session, Product, ("id", *NAMES), [])
    with database.read() as session:
        columns = [getattr(Product, name) for name in NAMES]
        found = session.execute(select(*columns).order_by(Product.id)).all()
    assert [tuple(row) for row in found] == [*ROWS, (None, None, None, None)]


def test_rows_are_inserted_with_what_is_none(database: Database) -> None:
    save(database, product("B000000001"))
    product_id, now = get_product(database).id, datetime(2026, 1, 2, tzinfo=UTC)
    rows = [(product_id, "jeans", True, now), (product_id, None, False, now)]
    with database.write() as session:
        insert_rows(session, LabelChange, ("product_id", "category", "uncertain", "replaced_at"), rows)
        insert_rows(session, LabelChange, ("product_id",), [])
    with database.read() as session:
        found = session.scalars(select(LabelChange).order_by(LabelChange.id)).all()
    assert [(each.category, each.uncertain, each.confidence, each.replaced_at) for each in found] == [
        ("jeans", True, None, now),
        (None, False, None, now),
    ]

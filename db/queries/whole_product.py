"""One product by its key, with all that the shop says of it."""

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from db.models import Product, Split
from db.queries.products import ProductRow, product_columns


@dataclass(frozen=True)
class WholeProduct(ProductRow):
    """A product's row, and the columns that lists leave out: see db/models.py."""

    margin: float | None
    parent_asin: str | None
    list_price: Decimal | None
    breadcrumb: list[str]
    availability: str | None
    delivery_location: str | None
    found_in: list[str]
    split: Split | None
    first_seen_at: datetime
    crawl_run_id: int | None


_OTHERS = [field.name for field in fields(WholeProduct) if field not in fields(ProductRow)]


def find_product(session: Session, marketplace: str, asin: str) -> WholeProduct | None:
    """Give a product; None where none has this key."""
    if "\0" in marketplace + asin:  # no text of PostgreSQL's
        return None
    its_key = {"marketplace": marketplace, "asin": asin}
    row = session.execute(_statement(), its_key).mappings().one_or_none()
    return None if row is None else WholeProduct(**row)


@cache
def _statement() -> Select[Any]:
    """Build the statement, once: that takes longer than its answer."""
    columns = (*product_columns(), *(getattr(Product, name) for name in _OTHERS))
    return select(*columns).where(
        Product.marketplace == bindparam("marketplace"), Product.asin == bindparam("asin")
    )

"""What kinds of values the tables hold, and how a database keeps them."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum, Float, Numeric, String, TypeDecorator

from db.pictures.codes import QualityCode

MONEY = Numeric(14, 2).with_variant(Float(asdecimal=True, decimal_return_scale=2), "sqlite")
"""Major units of the product's currency; SQLite has no decimals, and a double holds these exactly enough."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: stored in UTC, always read with its zone (SQLite would drop it)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn any zone into UTC; refuse a moment without one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs its zone, got {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back the zone that SQLite does not keep."""
        return value if value is None or value.tzinfo is not None else value.replace(tzinfo=UTC)


class QualityCodes(TypeDecorator[tuple[QualityCode, ...]]):
    """Quality codes with a space between, so that any SQL can ask `quality LIKE '%blurred%'`; none: empty."""

    impl = String(40)
    cache_ok = True

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Compare with text."""
        return self.impl_instance

    def process_bind_param(self, value: tuple[QualityCode, ...] | None, dialect: Dialect) -> str | None:
        """Write the codes."""
        return None if value is None else " ".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[QualityCode, ...] | None:
        """Read the codes."""
        return None if value is None else tuple(map(QualityCode, value.split()))


def words(kind: type[StrEnum]) -> Enum:
    """Keep an enumeration as its words."""
    return Enum(
        kind,
        native_enum=False,
        length=40,
        create_constraint=False,
        values_callable=lambda words: [str(w) for w in words],
    )

"""Words of titles, which the database itself keeps: PostgreSQL as tsvector, SQLite by FTS5 (migration 0006).

What is a word is the same for both: letters, digits and marks of any script, without regard to case. So scripts
that write no spaces are found by what stands between two other characters.
"""

import unicodedata
from typing import Final

from sqlalchemy import ColumnElement, Integer, Select, column, func, literal, literal_column, select, table
from sqlalchemy.orm import InstrumentedAttribute

TABLE: Final = "product_words"
"""Begins the names of all tables that the search has; they are no models."""

MOST_WORDS: Final = 20
"""Of a question; more narrow nothing down."""

_LONGEST: Final = 100

_POSTGRESQL: Final = table(TABLE, column("product_id", Integer), column("words"))
_SQLITE: Final = table(TABLE, column("rowid", Integer))


def words_in(text: str) -> list[str]:
    """Cut a text into words, whatever else it holds; at most MOST_WORDS of 100 characters."""
    spaced = "".join(letter if _is_of_a_word(letter) else " " for letter in text)
    return [word[:_LONGEST] for word in spaced.split()[:MOST_WORDS]]


def products_with(words: list[str], dialect: str) -> Select[int]:
    """Select the ids of the products whose title has all of the words, one at least, in no order."""
    if dialect == "postgresql":
        return select(_POSTGRESQL.c.product_id).where(_has(words, dialect))
    return select(_SQLITE.c.rowid).where(_has(words, dialect))


def has_words(product_id: InstrumentedAttribute[int], words: list[str], dialect: str) -> ColumnElement[bool]:
    """Say of one product after the other whether its title has the words; OFFSET keeps it from being a join."""
    its_id = _POSTGRESQL.c.product_id if dialect == "postgresql" else _SQLITE.c.rowid
    its = select(its_id).where(its_id == product_id, _has(words, dialect))
    return its.correlate_except(its_id.table).limit(1).offset(0).exists()


def is_of_models(name: str | None, kind: str, _parents: object) -> bool:
    """Say to Alembic whether a table of a database is one that models describe; an `include_name`."""
    return kind != "table" or not (name or "").startswith(TABLE)


def _has(words: list[str], dialect: str) -> ColumnElement[bool]:
    if dialect == "postgresql":
        asked = func.plainto_tsquery(literal_column("'simple'"), " ".join(words))
        return _POSTGRESQL.c.words.bool_op("@@")(asked)
    return literal_column(TABLE).bool_op("MATCH")(literal(" ".join(f'"{word}"' for word in words)))


def _is_of_a_word(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNM"

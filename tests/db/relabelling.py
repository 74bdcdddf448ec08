"""What tests of relabelling ask of the records."""

from typing import Any

from db.queries.relabelled import unfinished_relabelling
from db.repository.relabelling import relabel_some
from db.session import Database
from db.states.version_states import RelabelProgress
from tests.factories import label

ASINS = [f"B00000000{n}" for n in range(5)]
NEW_HEAD: dict[str, Any] = {"categories": ("jeans", "saree", "trousers")}
"""With it the first value of an embedding speaks for jeans, which was for saree."""


def relabel(database: Database, products: int = 2, parts: int = 1) -> RelabelProgress | None:
    return relabel_some(database, products, parts)


def relabel_all(database: Database) -> list[RelabelProgress]:
    done = []
    while progress := relabel(database):
        done.append(progress)
    return done


def progress(database: Database) -> RelabelProgress | None:
    with database.read() as session:
        return unfinished_relabelling(session)


def categories(database: Database) -> list[str | None]:
    return [label(database, asin).category for asin in ASINS]

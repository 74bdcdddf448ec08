"""Conditions of partial indexes; a query has to say them word for word, else the index is not used."""

from typing import Any

from sqlalchemy import text

DISAGREES = "listed_category <> coalesce(category, CASE WHEN NOT uncertain THEN 'other' END)"
"""The shop's word against the label; a review `other` leaves category null and uncertain false."""

LABELLED_BY_MODEL = "confidence IS NOT NULL"
"""The network's label, claimed or not, and no review above it."""

REVIEWED = "confidence IS NULL AND uncertain IS NOT NULL"
"""A label that a standing review gives."""

TRAINED_ON = "split IS NOT NULL AND listed_category IS NOT NULL"
"""A listed label that some training has seen."""

TESTS = "split = 'test'"

CONTRADICTED = "contradiction IS NOT NULL AND confidence IS NOT NULL"


def where(condition: str) -> dict[str, Any]:
    """Make an index partial, on either database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}

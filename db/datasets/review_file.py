"""Read a CSV file of verdicts: marketplace, asin, category, and optionally reviewer and why."""

import csv
import hashlib
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from db.categories import Category, require_category
from db.errors import ReviewFileError, UnknownCategoryError
from db.queries.review_order import Why
from db.repository.reviews import Verdict

_NEEDED: Final = ("marketplace", "asin", "category")
_LONGEST_REVIEWER: Final = 100
"""Characters of a reviewer's name."""


@dataclass(frozen=True)
class ReviewFile:
    """The verdicts of a file, in its order, and the SHA-256 of its bytes, by which it is known again."""

    verdicts: tuple[Verdict, ...]
    digest: str


def read_review_file(path: Path, categories: tuple[Category, ...], reviewer: str | None = None) -> ReviewFile:
    """Read the verdicts of a CSV file in UTF-8, with a header; other columns are ignored.

    Args:
        path: of the file.
        categories: which words are categories.
        reviewer: of the verdicts whose line names none.

    Raises:
        ReviewFileError: a column is missing, a line is wrong, or the file holds no verdict.
    """
    try:
        data = path.read_bytes()
        lines = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        rows = list(lines)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReviewFileError(f"cannot read the verdicts in {path}: {error}") from error
    missing = [name for name in _NEEDED if name not in (lines.fieldnames or ())]
    if missing:
        raise ReviewFileError(
            f"the first line names the columns {', '.join(_NEEDED)}, and reviewer and why if you like; "
            f"{path} lacks {', '.join(missing)}, got {lines.fieldnames}"
        )
    if not rows:
        raise ReviewFileError(f"there is no verdict in {path}; got 0 lines after the first")
    verdicts = (_verdict(number, row, categories) for number, row in enumerate(rows, start=2))
    named = tuple(v if v.reviewer else replace(v, reviewer=reviewer) for v in verdicts)
    return ReviewFile(named, hashlib.sha256(data).hexdigest())


def _verdict(number: int, row: dict[str, str | None], categories: tuple[Category, ...]) -> Verdict:
    """Read one line; `number` is its place in the file, were no cell to hold a line break."""
    values = {name: (row.get(name) or "").strip() for name in (*_NEEDED, "reviewer", "why")}
    if empty := [name for name in _NEEDED if not values[name]]:
        raise ReviewFileError(f"line {number} lacks {', '.join(empty)}, got {row}")
    if len(values["reviewer"]) > _LONGEST_REVIEWER:
        raise ReviewFileError(
            f"line {number}: a reviewer has at most {_LONGEST_REVIEWER} characters, got {row}"
        )
    if values["why"] and values["why"] not in list(Why):
        raise ReviewFileError(f"line {number}: why is {', '.join(Why)}, or empty; got {values['why']!r}")
    try:
        require_category(values["category"], categories)
    except UnknownCategoryError as error:
        raise ReviewFileError(f"line {number}: {error}") from error
    return Verdict(
        values["marketplace"],
        values["asin"],
        values["category"],
        values["reviewer"] or None,
        values["why"] or None,
    )

"""Categories, read from categories.toml: the only spelling of a label."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from db.errors import CategoriesError, UnknownCategoryError
from db.settings import ROOT

OTHER: Final = "other"
"""The reserved word for a garment that is none of the categories."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Category:
    """One label: its name, its title for people, and the terms that the shop is searched for."""

    name: str
    title: str
    search: tuple[str, ...]


def load_categories(path: Path | None = None) -> tuple[Category, ...]:
    """Read the categories in the order of the file, which is the order of the network's classes.

    Raises:
        CategoriesError: the file cannot be read, holds fewer than two categories, or a table is wrong.
    """
    path = path or ROOT / "categories.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CategoriesError(f"cannot read the categories in {path}: {error}") from error
    if len(tables) < 2:  # noqa: PLR2004 - one class leaves nothing to tell apart
        raise CategoriesError(f"{path} needs at least two categories, got {sorted(tables)}")
    return tuple(_category(name, table) for name, table in tables.items())


def require_category(word: str, categories: tuple[Category, ...]) -> str:
    """Give the word if it is a category or `other`; raise UnknownCategoryError if it is not."""
    known = [category.name for category in categories]
    if word not in {*known, OTHER}:
        raise UnknownCategoryError(f"categories are {', '.join(known)} and {OTHER}, got {word!r}")
    return word


def _category(name: str, table: Any) -> Category:
    if not _NAME.fullmatch(name) or name == OTHER:
        raise CategoriesError(f"a category's name is a-z, 0-9 and _, and not {OTHER!r}; got {name!r}")
    search = table.get("search") if isinstance(table, dict) else None
    if (
        not isinstance(search, list)
        or not search
        or not all(isinstance(t, str) and t.strip() for t in search)
    ):
        raise CategoriesError(f"[{name}] needs `search`, a list of terms for the shop; got {search!r}")
    return Category(name, str(table.get("title", name)), tuple(term.strip() for term in search))

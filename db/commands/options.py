"""The words that commands take: formats, categories, names of sources, people and pictures."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from db.categories import OTHER, load_categories

LONGEST_SOURCE = 100
LONGEST_REVIEWER = 100
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")

RowFormat = Annotated[
    Literal["table", "json", "csv", "spreadsheet", "parquet"] | None,
    typer.Option(
        "--format",
        help="A table for people, or what the name of --output ends in; all but the table have every column, and no "
        "limit by default. `spreadsheet` is csv to open in one: no shop's text becomes a formula.",
        show_default=False,
    ),
]
RowFile = Annotated[
    Path | None,
    typer.Option(
        "--output", dir_okay=False, help="Write to this file: .json, .csv or .parquet, or as --format says."
    ),
]


def row_format(chosen: str | None, output: Path | None) -> str:
    """Give the format that was chosen, else that of the file's name, else `table`.

    Raises:
        typer.BadParameter: neither says how to write the file, or a table is to go to one.
    """
    if output is None:
        return chosen or "table"
    named = chosen or output.suffix.removeprefix(".").lower()
    if named not in {"json", "csv", "spreadsheet", "parquet"}:
        raise typer.BadParameter(
            "--output takes a name in .json, .csv or .parquet, or --format json, csv, spreadsheet or parquet; "
            f"got {chosen or output}"
        )
    return named


def verdict(word: str | None) -> str | None:
    """Accept a category or `other`, as a person can give; raise typer.BadParameter for any other word."""
    if word is None:
        return None
    return _one_of([*(category.name for category in load_categories()), OTHER], word)


def source_name(word: str) -> str:
    """Accept a name that fits the column of the marketplace; raise typer.BadParameter for any other."""
    if not 0 < len(word.strip()) <= LONGEST_SOURCE:
        raise typer.BadParameter(f"a name of 1 to {LONGEST_SOURCE} characters is needed, got {word!r}")
    return word.strip()


def person(word: str | None) -> str | None:
    """Accept no name, or one that fits the column of the reviewer; raise typer.BadParameter for any other."""
    if word is not None and not 0 < len(word.strip()) <= LONGEST_REVIEWER:
        raise typer.BadParameter(f"a name of 1 to {LONGEST_REVIEWER} characters is needed, got {word!r}")
    return word and word.strip()


def picture(word: str) -> str:
    """Accept a picture's SHA-256, or the path of a file; raise typer.BadParameter for any other word."""
    if not is_sha256(word) and not Path(word).is_file():
        raise typer.BadParameter(f"a SHA-256 of 64 hex digits, or a file, is needed; got {word!r}")
    return word


def is_sha256(word: str) -> bool:
    """Say whether a word is spelt like a SHA-256; a file of that name is meant by `./` before it."""
    return re.fullmatch("[0-9a-f]{64}", word) is not None


def picture_file(path: Path | None) -> Path | None:
    """Accept no file, or a name that says how to write a picture; raise typer.BadParameter for any other."""
    if path is not None and path.suffix.lower() not in PICTURE_SUFFIXES:
        raise typer.BadParameter(f"a name ending in {', '.join(PICTURE_SUFFIXES)} is needed, got {path}")
    return path


def format_of(path: Path) -> str:
    """Give the name by which Pillow writes a picture file."""
    return "PNG" if path.suffix.lower() == ".png" else "JPEG"


def _one_of(words: list[str], word: str) -> str:
    if word not in words:
        raise typer.BadParameter(f"categories are {', '.join(words)}; got {word!r}")
    return word

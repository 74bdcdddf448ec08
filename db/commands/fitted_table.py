"""A table that fits the terminal: what tells a product apart is whole, and what describes it gives way."""

import sys
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from db.commands.command_line import printable

WIDTH_OF_A_FILE: Final = 160
"""Columns of a table that goes to a file or another program, where there is no terminal to ask."""

GIVE_WAY: Final = ("sha256", "brand", "title")
"""Columns that are cut where it is too narrow, and left out where it is narrower still: the first one first."""

_LEAST: Final = 10
"""Columns of text of which something can still be read."""

_MOST: Final = 36
"""Columns of a text where there is room; but a SHA-256 is of use only as a whole."""

_BETWEEN: Final = 2
"""Columns between two columns of a table."""

_NUMBERS: Final = frozenset({"price", "confidence", "similarity"})


def show_rows(rows: Iterable[Mapping[str, str | None]]) -> None:
    """Print rows of texts by column to standard output, as wide as the terminal, one line each.

    Only where the columns that stay are too wide together, they go on in the next line: nothing of them is lost.
    """
    cells = [{name: printable(text) for name, text in row.items()} for row in rows]
    if not cells:
        return
    console = standard_output()
    widths = {name: max(map(cell_len, (name, *(row[name] for row in cells)))) for name in cells[0]}
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, width in _fitted(widths, console.width).items():
        gives_way = name in GIVE_WAY
        table.add_column(
            name,
            no_wrap=gives_way,
            overflow="ellipsis" if gives_way else "fold",
            justify="right" if name in _NUMBERS else "left",
            width=width if gives_way else None,
        )
    for row in cells:
        table.add_row(*(row[column.header] for column in table.columns if isinstance(column.header, str)))
    console.print(table, markup=False)


def standard_output() -> Console:
    """Give standard output, as wide as the terminal."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE)


def _fitted(widths: Mapping[str, int], room: int) -> dict[str, int]:
    """Choose the columns that there is room for, with their widths."""
    wanted = {
        name: min(width, _MOST) if name in GIVE_WAY and name != "sha256" else width
        for name, width in widths.items()
    }
    for name in GIVE_WAY:
        excess = _total(wanted.values()) - room
        if name in wanted and excess > 0:
            wanted[name] -= excess
            if name == "sha256" or wanted[name] < min(_LEAST, widths[name]):
                del wanted[name]
    return wanted


def _total(widths: Collection[int]) -> int:
    return sum(widths) + _BETWEEN * (len(widths) - 1)

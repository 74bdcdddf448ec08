"""Processes of this machine, as a test has to see them: children by parent, the living and the dead."""

import subprocess
from collections.abc import Mapping

PATIENCE_SECONDS = 240
"""The longest that a test waits for what processes do: they take long where others use the processors, too."""


def children(parent: int) -> Mapping[int, str]:
    """The living children of a process: their command lines by process id."""
    return {pid: command for pid, (ppid, command) in _living().items() if ppid == parent}


def child(parent: int, words: str) -> int | None:
    """The living child whose command line holds the words."""
    return next((pid for pid, command in children(parent).items() if words in command), None)


def is_living(pid: int) -> bool:
    """Whether a process exists and is no zombie that waits for its parent's attention."""
    return pid in _living()


def _living() -> dict[int, tuple[int, str]]:
    listing = subprocess.run(
        ["ps", "-axwwo", "pid=,ppid=,stat=,command="], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=3) for line in listing.stdout.splitlines()]
    return {
        int(row[0]): (int(row[1]), row[3]) for row in rows if len(row) == 4 and not row[2].startswith("Z")
    }

"""What an address says of a list that is newest first."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from db.queries.newest_first import Stretch

LONGEST = 1000
"""Rows of an answer to a program."""


def read_stretch_of(request: Request, limit: int = 50) -> Stretch:
    """Read `before`, `after` and `limit`.

    Raises:
        HTTPException: 400, one of them is no whole number.
    """
    given = request.query_params
    try:
        before, after = (int(given[name]) if given.get(name) else None for name in ("before", "after"))
        wanted = int(given.get("limit") or limit)
    except ValueError as error:
        raise HTTPException(400, f"before, after and limit are whole numbers: {error}") from error
    if any(place is not None and abs(place) >= 2**31 for place in (before, after)):
        raise HTTPException(400, f"there is no such number, got {max(before or 0, after or 0)}")
    return Stretch(before, after, min(LONGEST, max(1, wanted)))

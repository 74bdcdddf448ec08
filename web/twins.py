"""What a screen shows, for programs: the same rows as JSON or CSV."""

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, is_dataclass
from decimal import Decimal
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.row_formats import WRITERS, as_text

_MEDIA_TYPES: Final = {"json": "application/json", "csv": "text/csv; charset=utf-8"}


def twins(path: str, answer: Callable[[Request], Response]) -> tuple[Route, ...]:
    """Give the routes of a list's twins: its address with `.json` and `.csv`."""
    return tuple(Route(f"{path}.{ending}", answer) for ending in _MEDIA_TYPES)


def rows_as(request: Request, rows: Iterable[Any], row_type: type) -> Response:
    """Answer a twin with rows of a dataclass: an array of objects, or a header and lines, as the address ends."""
    ending = request.url.path.rpartition(".")[2]
    stream = io.BytesIO()
    WRITERS[ending](rows, row_type, stream)
    return Response(stream.getvalue(), media_type=_MEDIA_TYPES[ending])


def as_json(value: Any, status: int = 200) -> Response:
    """Answer a screen's twin: dataclasses as objects, moments as ISO 8601 in UTC, prices as numbers."""
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return Response(text.encode("utf-8", "replace"), status, media_type=_MEDIA_TYPES["json"])


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return float(value) if isinstance(value, Decimal) else as_text(value)

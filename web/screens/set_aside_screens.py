"""Pictures that were refused or set aside, by reason, and the way back for those that are stored."""

import re
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from db.pictures.codes import Reason
from db.queries.aside_pictures import (
    AsidePicture,
    ReasonCount,
    count_reasons,
    refused_page,
    set_aside_page,
)
from db.repository.predictions import put_back_images, retry_images
from db.session import Database
from web.reason_words import REASONS, SHOWN
from web.resources import resources
from web.templating import screen
from web.twins import rows_as, twins

SIZE: Final = 60
_LONGEST: Final = 1000
_NUMBER: Final = re.compile("[0-9]{1,18}")


@dataclass(frozen=True)
class AsideState:
    """What an address says: which reason, of stored pictures or of addresses, and from where on.

    Attributes:
        reason: None: all of them are counted.
    """

    reason: Reason | None
    is_refused: bool
    after: int
    limit: int

    @property
    def name(self) -> str:
        """The parameter that holds the reason."""
        return "refused" if self.is_refused else "reason"


def set_aside_screen(request: Request) -> Response:
    """Show the reasons with their numbers, and the pictures of one."""
    state = _state(request)
    with resources(request).database.read() as session:
        counts = count_reasons(session)
    rows = [] if state.reason is None else _rows(request, state, state.limit + 1)
    again = request.query_params.get("again", "")
    return screen(
        request, "set_aside.html", state=state, counts=counts, rows=rows[: state.limit], words=REASONS, shown=SHOWN,
        more=rows[state.limit - 1].id if len(rows) > state.limit else None,
        again=int(again) if _NUMBER.fullmatch(again) else None,
    )  # fmt: skip


def set_aside_rows(request: Request) -> Response:
    """Answer with the pictures of a reason, or with the numbers of all."""
    state = _state(request)
    if state.reason is not None:
        return rows_as(request, _rows(request, state, state.limit), AsidePicture)
    with resources(request).database.read() as session:
        counts = count_reasons(session)
    return rows_as(request, counts, ReasonCount)


async def put_back(request: Request) -> Response:
    """Make pictures that are set aside pending again: all of a reason, or those that are named."""
    async with request.form(max_files=0, max_fields=_LONGEST) as form:
        reason, images = str(form.get("reason", "")), [str(image) for image in form.getlist("image")]
    if reason not in set(Reason) or not all(map(_NUMBER.fullmatch, images)):
        raise HTTPException(400, "pictures are put back by their reason, or by their numbers")
    of_reason, database = Reason(reason), resources(request).database
    again = await run_in_threadpool(_put_back, database, of_reason, list(map(int, images)))
    where = f"reason={of_reason}&" if images else ""
    return RedirectResponse(f"/set-aside?{where}again={again}", 303)


def _put_back(database: Database, reason: Reason, image_ids: list[int]) -> int:
    with database.write() as session:
        return put_back_images(session, image_ids) if image_ids else retry_images(session, reason)


def _rows(request: Request, state: AsideState, size: int) -> list[AsidePicture]:
    if state.reason is None:
        return []
    page = refused_page if state.is_refused else set_aside_page
    with resources(request).database.read() as session:
        return page(session, state.reason, state.after, size)


def _state(request: Request) -> AsideState:
    given = request.query_params
    refused = given.get("refused")
    word, after, limit = (
        refused or given.get("reason"),
        given.get("after") or "0",
        given.get("limit") or str(SIZE),
    )
    if (word and word not in set(Reason)) or not (_NUMBER.fullmatch(after) and _NUMBER.fullmatch(limit)):
        raise HTTPException(400, f"the address cannot be read: got {word}, after {after}, limit {limit}")
    reason = Reason(word) if word else None
    return AsideState(reason, bool(refused), int(after), min(_LONGEST, max(1, int(limit))))


ROUTES: Final = (
    Route("/set-aside", set_aside_screen),
    *twins("/set-aside", set_aside_rows),
    Route("/set-aside/put-back", put_back, methods=["POST"]),
)

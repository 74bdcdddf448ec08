"""One verdict on many products: those that were selected in a list, which then says what was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from db.categories import load_categories
from db.queries.products import keys_of
from db.queries.review_history import BatchCount, count_batch
from db.repository.reviews import Verdict
from db.repository.sent_reviews import Receipt, SentVerdict, receive_reviews, withdraw_batch
from db.session import Database
from web.own_addresses import own_address
from web.resources import resources
from web.screens.sent_verdicts import MalformedVerdictError, read_batch

MOST: Final = 1000
"""Products of one selection."""

_LARGEST_ID: Final = 2**63


@dataclass(frozen=True)
class Done:
    """What a list has to say of verdicts that were just given, or taken back.

    Attributes:
        batch: by which they are taken back.
        back: the address of the list without this news.
    """

    batch: str
    count: BatchCount
    back: str


def read_done(session: Session, request: Request) -> Done | None:
    """Read what was just done from the address of a list; None: nothing that is known."""
    given = request.query_params.get("done")
    if given is None:
        return None
    try:
        batch = read_batch(given)
    except MalformedVerdictError:
        return None
    count = count_batch(session, batch)
    return (
        Done(batch, count, leads_back(str(request.url.replace(scheme="", netloc=""))))
        if count.given
        else None
    )


async def give_verdicts(request: Request) -> Response:
    """Give every selected product the same verdict, and lead back to the list."""
    async with request.form(max_files=0, max_fields=MOST + 8) as form:
        ids, back, batch = _ids(form), leads_back(str(form.get("back") or "/products")), _batch(form)
        category, reviewer = str(form.get("category") or ""), str(form.get("reviewer") or "").strip()[:100]
    if not ids:
        return RedirectResponse(back, 303)
    wanted = _Selection(ids, category, reviewer or None, batch)
    receipts = await run_in_threadpool(_record, resources(request).database, wanted)
    if Receipt.UNKNOWN_CATEGORY in receipts:
        raise HTTPException(400, f"categories.toml has no such category (any more), got {category!r}")
    return RedirectResponse(_with(back, batch), 303)


async def take_back(request: Request) -> Response:
    """Take back what was given together, and lead back to the list."""
    async with request.form(max_files=0, max_fields=8) as form:
        back, batch = leads_back(str(form.get("back") or "/products")), _batch(form)
    await run_in_threadpool(_withdraw, resources(request).database, batch)
    return RedirectResponse(_with(back, batch), 303)


def leads_back(address: str) -> str:
    """Give an address of this page without its news."""
    return own_address(address, without="done")


@dataclass(frozen=True)
class _Selection:
    product_ids: Sequence[int]
    category: str
    reviewer: str | None
    batch: str


def _record(database: Database, wanted: _Selection) -> list[Receipt]:
    """Record a verdict on each product that is still there."""
    with database.write() as session:
        keys = keys_of(session, wanted.product_ids)
        sent = [
            SentVerdict(wanted.batch, place, Verdict(*keys[product_id], wanted.category, wanted.reviewer))
            for place, product_id in enumerate(wanted.product_ids)
            if product_id in keys
        ]
        return receive_reviews(session, sent, load_categories())


def _withdraw(database: Database, batch: str) -> int:
    with database.write() as session:
        return withdraw_batch(session, batch)


def _ids(form: FormData) -> list[int]:
    words = [str(word) for word in form.getlist("product")]
    if not all(word.isascii() and word.isdigit() and int(word) < _LARGEST_ID for word in words):
        raise HTTPException(400, "a product is named by its number")
    return list(dict.fromkeys(map(int, words)))


def _batch(form: FormData) -> str:
    try:
        return read_batch(form.get("batch") or str(uuid4()))
    except MalformedVerdictError as error:
        raise HTTPException(400, str(error)) from error


def _with(back: str, batch: str) -> str:
    return f"{back}{'&' if '?' in back else '?'}done={batch}"


ROUTES: Final = (
    Route("/products/verdicts", give_verdicts, methods=["POST"]),
    Route("/products/verdicts/take-back", take_back, methods=["POST"]),
)

"""One picture after the other, and a person's verdict on each: by keys, or by a form where there is no script."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from db.categories import OTHER, Category, load_categories
from db.queries.review_gain import review_gain
from db.queries.review_history import latest_given
from db.queries.review_news import review_news
from db.queries.review_order import Why
from db.queries.to_review import Order, ToReview, products_to_review
from db.repository.reviews import Verdict
from db.repository.sent_reviews import Receipt, SentVerdict, receive_reviews, withdraw_batch
from db.session import Database
from db.states.version_states import active_version
from web.page_keys import DIGITS
from web.resources import Resources, resources
from web.screens.questions import Questions, Wanted, digest, read_questions
from web.screens.sent_verdicts import Malformed, MalformedVerdictError, read_batch, read_verdicts
from web.templating import screen
from web.twins import rows_as

AHEAD: Final = 96
"""Questions that a browser keeps: half a minute of the quickest reviewing, while the server is away."""

FIRST: Final = 16
"""Questions that the screen comes with; its script fetches the others."""

_MOST: Final = 1000

_ORDERS: Final = (
    (Order.AUTO, "worth most"),
    (Order.NEW, "new sources"),
    (Order.CONTRADICTED, "shop and network disagree"),
    (Order.UNSURE, "least sure"),
    (Order.RANDOM, "at random"),
)


def review(request: Request) -> Response:
    """Show the product whose verdict is worth most."""
    wanted, categories, shared = read_wanted(request), load_categories(), resources(request)
    with shared.database.read() as session:
        few = replace(wanted, limit=min(FIRST, wanted.limit))
        state = _state(session, shared, few, categories, fit=False)
        given = latest_given(session)
        sources = shared.sources.read(session)
    first = state["products"][0] if state["products"] else None
    return screen(
        request, "review.html", state=state, first=first, given=given, wanted=wanted, orders=_ORDERS, sources=sources,
        categories=categories, other=OTHER, digits=DIGITS, batch=str(uuid4()),
        done=request.query_params.get("done"), reviewer=request.query_params.get("reviewer", ""),
    )  # fmt: skip


def review_state(request: Request) -> Response:
    """Answer with what the screen shows, and with the products that come next."""
    shared = resources(request)
    with shared.database.read() as session:
        return JSONResponse(_state(session, shared, read_wanted(request), load_categories(), fit=True))


def review_rows(request: Request) -> Response:
    """Answer with the products that come next as lines, in the order of the active version's word."""
    wanted = read_wanted(request)
    with resources(request).database.read() as session:
        rows = products_to_review(session, wanted.order, wanted.marketplace, wanted.limit)
    return rows_as(request, rows, ToReview)


def read_wanted(request: Request) -> Wanted:
    """Read an address.

    Raises:
        HTTPException: 400, it says something that cannot be.
    """
    given = request.query_params
    try:
        order = Order(given.get("order") or Order.AUTO)
        limit = min(_MOST, max(1, int(given.get("limit") or AHEAD)))
    except ValueError as error:
        raise HTTPException(400, f"the address cannot be read: {error}") from error
    return Wanted(order, given.get("marketplace") or None, limit)


def _state(
    session: Session, shared: Resources, wanted: Wanted, categories: Sequence[Category], *, fit: bool
) -> dict[str, Any]:
    questions: Questions = read_questions(session, shared.heads, wanted, categories, fit=fit)
    version = active_version(session)
    has_body = version is not None and version.body_id is not None
    gain = review_gain(session)
    news = review_news(session, version.categories) if version else None
    return {
        "products": [each.as_dict() for each in questions.asked],
        "categories": [{"name": each.name, "title": each.title} for each in categories],
        "digest": digest(categories),
        "taught_by": questions.taught_by,
        "to_learn": news.new + news.withdrawn if news is not None and has_body else None,
        "gain": asdict(gain) | {"by_chance": gain.by_chance},
    }


async def give_verdict(request: Request) -> Response:
    """Take a verdict from the form, and show the next product."""
    async with request.form(max_files=0, max_fields=12) as form:
        sent, back = _sent(form), _back(form)
    answer = await run_in_threadpool(_record, resources(request).database, [sent])
    if answer[0] in {Receipt.UNKNOWN_PRODUCT, Receipt.UNKNOWN_CATEGORY}:
        raise HTTPException(
            400, f"the verdict was not recorded: {answer[0]}; go back, and look at the next one"
        )
    return RedirectResponse(f"/review?{urlencode(back | {'done': sent.batch})}", 303)


async def take_back(request: Request) -> Response:
    """Take a verdict back that the form names."""
    async with request.form(max_files=0, max_fields=12) as form:
        try:
            batch, back = read_batch(form.get("batch")), _back(form)
            place = int(str(form.get("place") or 0))
        except (MalformedVerdictError, ValueError) as error:
            raise HTTPException(400, str(error)) from error
    await run_in_threadpool(_withdraw, resources(request).database, batch, place)
    return RedirectResponse(f"/review?{urlencode(back)}", 303)


async def receive(request: Request) -> Response:
    """Take verdicts from a script, and say of each what became of it."""
    read = await read_verdicts(request, resources(request).records)
    good = [each for each in read if isinstance(each, SentVerdict)]
    receipts = iter(await run_in_threadpool(_record, resources(request).database, good) if good else ())
    return JSONResponse(
        {
            "answers": [
                {"id": None, "place": None, "state": "malformed", "error": each.error}
                if isinstance(each, Malformed)
                else {"id": each.batch, "place": each.place, "state": next(receipts)}
                for each in read
            ],
            "digest": digest(load_categories()),
        }
    )


def _record(database: Database, sent: Sequence[SentVerdict]) -> list[Receipt]:
    with database.write() as session:
        return receive_reviews(session, sent, load_categories())


def _withdraw(database: Database, batch: str, place: int) -> int:
    with database.write() as session:
        return withdraw_batch(session, batch, place)


def _sent(form: FormData) -> SentVerdict:
    words = {
        name: str(form.get(name) or "") for name in ("marketplace", "asin", "category", "reviewer", "why")
    }
    try:
        batch = read_batch(form.get("batch"))
    except MalformedVerdictError as error:
        raise HTTPException(400, str(error)) from error
    why = words["why"] if words["why"] in list(Why) else None
    reviewer = words["reviewer"].strip()[:100] or None
    return SentVerdict(
        batch, 0, Verdict(words["marketplace"], words["asin"], words["category"], reviewer, why)
    )


def _back(form: FormData) -> dict[str, str]:
    """Give the address's words that lead back to the same order, source and reviewer."""
    words = {name: str(form.get(name) or "") for name in ("order", "of", "reviewer")}
    words["marketplace"] = words.pop("of")
    return {name: word for name, word in words.items() if word}


ROUTES: Final = (
    Route("/review", review),
    Route("/review", give_verdict, methods=["POST"]),
    Route("/review/take-back", take_back, methods=["POST"]),
    Route("/review.json", review_state),
    Route("/review.csv", review_rows),
    Route("/api/reviews", receive, methods=["POST"]),
)

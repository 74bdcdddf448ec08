"""One product: its pictures with what the network says of each, the shop's data, its history, and verdicts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from db.categories import OTHER, load_categories
from db.errors import HeadError, NoReviewError
from db.models import ModelVersion, Product
from db.queries.product_history import HistoryEvent, product_history
from db.queries.product_pictures import ShownPicture, product_pictures
from db.queries.whole_product import WholeProduct, find_product
from db.repository.network_labels import words_on_images
from db.repository.reviews import withdraw_review
from db.session import Database
from db.states.version_states import active_version
from web.product_addresses import read_segment
from web.reason_words import QUALITIES, REASONS, SHOWN
from web.resources import resources
from web.screens.selection_screens import leads_back, read_done
from web.templating import screen
from web.twins import as_json

_NUMBER: Final = re.compile("[0-9]{1,18}")
_MOST_WITHDRAWN: Final = 1000
"""Verdicts of one form."""


@dataclass(frozen=True)
class ProductView:
    """All that its screen says of a product.

    Attributes:
        pictures: in the order of the shop, those that were refused too.
        words: what the active version says of those that it has seen, by the image's id: category to probability;
            None where its head is damaged, so that it says nothing.
        version: the number of that version.
        history: the first first.
    """

    product: WholeProduct
    pictures: list[ShownPicture]
    words: Mapping[int, Mapping[str, float]] | None
    version: int | None
    history: list[HistoryEvent]


def product_screen(request: Request) -> Response:
    """Show a product."""
    view = _view(request)
    with resources(request).database.read() as session:
        done = read_done(session, request)
    return screen(
        request, "product.html", view=view, product=view.product, categories=load_categories(), other=OTHER,
        done=done,
        qualities=QUALITIES, reasons=REASONS, showable=SHOWN,
        stands=any(_is_verdict(event) for event in view.history),
    )  # fmt: skip


def product_twin(request: Request) -> Response:
    """Answer with what the screen shows."""
    view = _view(request)
    pictures = [
        asdict(shown) | {"probabilities": (view.words or {}).get(shown.image_id or 0)}
        for shown in view.pictures
    ]
    return as_json(
        {
            "product": view.product,
            "model_version": view.version,
            "pictures": pictures,
            "history": view.history,
        }
    )


async def take_back(request: Request) -> Response:
    """Withdraw the latest verdict that stands on each of some products, and lead back."""
    async with request.form(max_files=0, max_fields=_MOST_WITHDRAWN) as form:
        wanted = [str(number) for number in form.getlist("product")]
        back = leads_back(str(form.get("back") or "/products"))
    if not all(_NUMBER.fullmatch(number) for number in wanted):
        raise HTTPException(400, "a product is named by its number")
    await run_in_threadpool(_withdraw, resources(request).database, sorted(map(int, wanted)))
    return RedirectResponse(back, 303)


def _withdraw(database: Database, product_ids: Iterable[int]) -> None:
    with database.write() as session:
        for product_id in product_ids:
            product = session.get(Product, product_id)
            if product is None:
                raise HTTPException(404, f"there is no such product any more, got {product_id}")
            try:
                withdraw_review(session, product.marketplace, product.asin)
            except NoReviewError:  # another tab was quicker: what was wanted is so
                continue


def _view(request: Request) -> ProductView:
    marketplace, asin = (read_segment(request.path_params[name]) for name in ("marketplace", "asin"))
    with resources(request).database.read() as session:
        product = find_product(session, marketplace, asin)
        if product is None:
            raise HTTPException(
                404, f"there is no such product, or no more, got {marketplace} {asin}".replace("\0", "")
            )
        return _read(session, product)


def _read(session: Session, product: WholeProduct) -> ProductView:
    pictures = product_pictures(session, product.id)
    version = active_version(session)
    image_ids = {shown.image_id for shown in pictures if shown.image_id is not None}
    words = {} if version is None else _words(session, version, image_ids)
    history = product_history(session, product)
    return ProductView(product, pictures, words, None if version is None else version.id, history)


def _words(
    session: Session, version: ModelVersion, image_ids: Iterable[int]
) -> Mapping[int, Mapping[str, float]] | None:
    try:
        return words_on_images(session, version, image_ids)
    except HeadError:
        return None


def _is_verdict(event: HistoryEvent) -> bool:
    return bool(event.stands) and event.kind == "reviewed"


_PATH: Final = "/products/{marketplace}/{asin}"

ROUTES: Final[tuple[Any, ...]] = (
    Route("/products/take-back", take_back, methods=["POST"]),
    Route(f"{_PATH}.json", product_twin),
    Route(_PATH, product_screen),
)

"""Products as a page of pictures, filtered; the address is what is shown."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.categories import OTHER, load_categories
from db.pictures.codes import QualityCode
from db.queries.product_grid import (
    GridOrder,
    GridPage,
    Place,
    UnknownPlaceError,
    count_products,
    grid_page,
    read_place,
)
from db.queries.products import ProductFilter, ProductRow, labels_before
from web.resources import resources
from web.screens.selection_screens import read_done
from web.templating import screen
from web.twins import rows_as, twins

SIZE: Final = 60
"""Products of a page: full rows in two, three, four, five and six columns."""

LONGEST: Final = 1000
"""Products of an answer to a program."""


@dataclass(frozen=True)
class GridState:
    """What an address of the grid says.

    Attributes:
        wanted: the filter.
        order: what comes first.
        place: from which on; None: the beginning.
        backwards: whether what is before the place is wanted.
        limit: products at most.
    """

    wanted: ProductFilter
    order: GridOrder
    place: Place | None
    backwards: bool
    limit: int

    def words(self) -> dict[str, Any]:
        """Give filter and order as an address spells them, without a place."""
        order = None if self.order is GridOrder.FOUND else self.order
        asked = asdict(self.wanted)
        return {"q": asked.pop("words"), **asked, "order": order}


def products(request: Request) -> Response:
    """Show a page of products."""
    state = read_state(request, SIZE)
    categories = load_categories()
    shared = resources(request)
    with shared.database.read() as session:
        page = _page(session, state)
        number = count_products(session, state.wanted)
        sources = shared.sources.read(session)
        done = read_done(session, request)
        before = _labels_before(session, state, page)
    return screen(
        request, "products.html", page=page, before=before, state=state, words=state.words(), number=number,
        categories=categories, sources=sources, orders=list(GridOrder),
        codes=list(QualityCode), other=OTHER, done=done,
    )  # fmt: skip


def _labels_before(session: Session, state: GridState, page: GridPage) -> dict[int, str]:
    """Say what the products of the page were, where those are asked for that a version has changed."""
    version = state.wanted.changed_by
    return labels_before(session, version, [row.id for row in page.rows]) if version is not None else {}


def product_rows(request: Request) -> Response:
    """Answer with the rows of a page, for programs; the last one's id goes on as `after`."""
    state = read_state(request, SIZE)
    with resources(request).database.read() as session:
        page = _page(session, state)
    return rows_as(request, page.rows, ProductRow)


def read_state(request: Request, limit: int) -> GridState:
    """Read an address.

    Raises:
        HTTPException: 400, it says something that cannot be.
    """
    given = request.query_params
    try:
        order = GridOrder(given.get("order") or GridOrder.FOUND)
        text = given.get("before") or given.get("after")
        return GridState(
            wanted=_filter(request),
            order=order,
            place=read_place(text, order) if text else None,
            backwards=bool(given.get("before")),
            limit=min(LONGEST, max(1, int(given.get("limit") or limit))),
        )
    except (ValueError, UnknownPlaceError) as error:
        raise HTTPException(400, f"the address cannot be read: {error}") from error


def _filter(request: Request) -> ProductFilter:
    given = request.query_params
    text = {name: given.get(name) or None for name in ("category", "brand", "marketplace")}
    quality, least, changed_by = (given.get(name) for name in ("quality", "min_confidence", "changed_by"))
    return ProductFilter(
        **text,
        min_confidence=float(least) if least else None,
        uncertain=given.get("uncertain") == "1",
        disagree=given.get("disagree") == "1",
        quality=QualityCode(quality) if quality else None,
        changed_by=int(changed_by) if changed_by else None,
        words=(given.get("q") or "").strip() or None,
    )


def _page(session: Session, state: GridState) -> GridPage:
    return grid_page(
        session, state.wanted, state.order, state.place, backwards=state.backwards, size=state.limit
    )


ROUTES: Final = (
    Route("/products", products),
    *twins("/products", product_rows),
)

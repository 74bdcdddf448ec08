"""Products that look like a picture, the nearest first."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.categories import load_categories
from db.datasets.cosines import Neighbour
from db.datasets.nearest import SimilarPicture, describe, own_embedding, require_active_body
from db.errors import NoEmbeddingError, UnknownPictureError
from db.models import Embedding
from db.queries.similar_products import SimilarProduct, similar_products
from web.resources import Resources, resources
from web.screens.selection_screens import read_done
from web.templating import screen
from web.twins import rows_as, twins

SIZE: Final = 60
_LARGEST: Final = 200
_SHARED: Final = 20
"""Pictures more than products are looked for: some are of the same products."""


@dataclass(frozen=True)
class Alike:
    """What is said of a picture.

    Attributes:
        rows: the nearest first.
        share: of the embeddings that are read so far, 0 to 1; None once all are.
        missing: why there is nothing to compare by.
        asked: the picture, with the first product that shows it.
    """

    rows: list[SimilarProduct]
    share: float | None = None
    missing: str | None = None
    asked: SimilarPicture | None = None


def similar_screen(request: Request) -> Response:
    """Show what looks like a picture."""
    sha256 = request.path_params["sha256"]
    found = _find(request, sha256)
    with resources(request).database.read() as session:
        done = read_done(session, request)
    return screen(
        request, "similar.html", sha256=sha256, found=found, done=done, categories=load_categories()
    )


def similar_rows(request: Request) -> Response:
    """Answer with the same rows."""
    found = _find(request, request.path_params["sha256"])
    if found.missing is not None:
        raise HTTPException(409, found.missing)
    if found.share is not None:
        raise HTTPException(503, f"{found.share:.0%} is read: ask again", {"Retry-After": "2"})
    return rows_as(request, found.rows, SimilarProduct)


def _find(request: Request, sha256: str) -> Alike:
    shared, limit = resources(request), _limit(request)
    with shared.database.read() as session:
        try:
            return _nearest(session, shared, sha256, limit)
        except UnknownPictureError as error:
            raise HTTPException(404, str(error)) from error
        except NoEmbeddingError as error:
            return Alike([], missing=str(error))


def _nearest(session: Session, shared: Resources, sha256: str, limit: int) -> Alike:
    body_id = require_active_body(session)
    own = own_embedding(session, body_id, sha256)
    index, is_complete = shared.alike.of(shared.database, body_id)
    if not is_complete:
        last = session.scalar(select(func.max(Embedding.image_id)).where(Embedding.body_id == body_id))
        return Alike([], share=min(0.99, index.last / (last or 1)))
    found = index.nearest(session, own.vector, limit + _SHARED)
    similarities = {each.image_id: each.similarity for each in found}
    (asked,) = describe(session, [Neighbour(own.image_id, 1.0)])
    return Alike(similar_products(session, own.image_id, similarities, limit), asked=asked)


def _limit(request: Request) -> int:
    text = request.query_params.get("limit") or str(SIZE)
    if not (text.isascii() and text.isdigit()):
        raise HTTPException(400, f"limit is a number, got {text}")
    return min(max(1, int(text[:9])), _LARGEST)


ROUTES: Final = (
    *twins("/similar/{sha256}", similar_rows),
    Route("/similar/{sha256}", similar_screen),
)
